// SLEEF's vector functions of at most 1 ULP as functors over Highway's vectors, compiled once for each of Highway's targets; targets for
// which SLEEF has none go lane by lane through std::. SLEEF's own header hides the functions of instruction sets that the compiler was
// not told to use everywhere, hence the declarations here.
// clang-format off
#if defined(CHAINRULE_AUTOGRAD_KERNELS_SLEEF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_AUTOGRAD_KERNELS_SLEEF_INL_H_
#undef CHAINRULE_AUTOGRAD_KERNELS_SLEEF_INL_H_
#else
#define CHAINRULE_AUTOGRAD_KERNELS_SLEEF_INL_H_
#endif
// clang-format on

#include <hwy/highway.h>

#include <cmath>
#include <cstddef>

#undef CHAINRULE_SLEEF_F32
#undef CHAINRULE_SLEEF_F64
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
#define CHAINRULE_SLEEF_F32 f16_u10avx512f
#define CHAINRULE_SLEEF_F64 d8_u10avx512f
#elif HWY_TARGET == HWY_AVX2
#define CHAINRULE_SLEEF_F32 f8_u10avx2
#define CHAINRULE_SLEEF_F64 d4_u10avx2
#elif HWY_TARGET == HWY_SSE4
#define CHAINRULE_SLEEF_F32 f4_u10sse4
#define CHAINRULE_SLEEF_F64 d2_u10sse4
#elif HWY_TARGET == HWY_SSSE3
#define CHAINRULE_SLEEF_F32 f4_u10sse2
#define CHAINRULE_SLEEF_F64 d2_u10sse2
#elif HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64
#define CHAINRULE_SLEEF_F32 f4_u10advsimd
#define CHAINRULE_SLEEF_F64 d2_u10advsimd
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// y with f(x) in the lanes of the mask, lane by lane: for arguments too rare to be worth vector code.
template <class F, class D, class V = hn::Vec<D>>
HWY_NOINLINE V replace_lanes(D d, hn::Mask<D> where, V x, V y, F f) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T from[hn::MaxLanes(d)], to[hn::MaxLanes(d)], chosen[hn::MaxLanes(d)];
  hn::Store(x, d, from);
  hn::Store(y, d, to);
  hn::Store(hn::IfThenElseZero(where, hn::Set(d, T{1})), d, chosen);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    if (chosen[i] != T{0}) to[i] = f(from[i]);
  }
  return hn::Load(d, to);
}

template <class F, class D, class V = hn::Vec<D>>
HWY_NOINLINE V replace_lanes(D d, hn::Mask<D> where, V x0, V x1, V y, F f) {
  using T = hn::TFromD<D>;
  HWY_ALIGN T from0[hn::MaxLanes(d)], from1[hn::MaxLanes(d)], to[hn::MaxLanes(d)], chosen[hn::MaxLanes(d)];
  hn::Store(x0, d, from0);
  hn::Store(x1, d, from1);
  hn::Store(y, d, to);
  hn::Store(hn::IfThenElseZero(where, hn::Set(d, T{1})), d, chosen);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    if (chosen[i] != T{0}) to[i] = f(from0[i], from1[i]);
  }
  return hn::Load(d, to);
}

// The functions of <cmath> as functors, for one element.
struct StdExp {
  template <class T>
  T operator()(T x) const {
    return std::exp(x);
  }
};
struct StdExpm1 {
  template <class T>
  T operator()(T x) const {
    return std::expm1(x);
  }
};
struct StdLog {
  template <class T>
  T operator()(T x) const {
    return std::log(x);
  }
};
struct StdLog1p {
  template <class T>
  T operator()(T x) const {
    return std::log1p(x);
  }
};
struct StdSin {
  template <class T>
  T operator()(T x) const {
    return std::sin(x);
  }
};
struct StdCos {
  template <class T>
  T operator()(T x) const {
    return std::cos(x);
  }
};
struct StdTan {
  template <class T>
  T operator()(T x) const {
    return std::tan(x);
  }
};
struct StdAsin {
  template <class T>
  T operator()(T x) const {
    return std::asin(x);
  }
};
struct StdAcos {
  template <class T>
  T operator()(T x) const {
    return std::acos(x);
  }
};
struct StdAtan {
  template <class T>
  T operator()(T x) const {
    return std::atan(x);
  }
};
struct StdSinh {
  template <class T>
  T operator()(T x) const {
    return std::sinh(x);
  }
};
struct StdCosh {
  template <class T>
  T operator()(T x) const {
    return std::cosh(x);
  }
};
struct StdTanh {
  template <class T>
  T operator()(T x) const {
    return std::tanh(x);
  }
};
struct StdErf {
  template <class T>
  T operator()(T x) const {
    return std::erf(x);
  }
};
struct StdPow {
  template <class T>
  T operator()(T a, T b) const {
    return std::pow(a, b);
  }
};
struct StdAtan2 {
  template <class T>
  T operator()(T a, T b) const {
    return std::atan2(a, b);
  }
};

/// std::nearbyint, halves to even.
struct StdNearbyint {
  template <class T>
  T operator()(T x) const {
    return std::nearbyint(x);
  }
};

/// The same, computed in the next wider type and rounded once.
template <class Std>
struct Widened {
  template <class... Floats>
  float operator()(float x, Floats... y) const {
    return static_cast<float>(Std()(static_cast<double>(x), static_cast<double>(y)...));
  }
  template <class... Doubles>
  double operator()(double x, Doubles... y) const {
    return static_cast<double>(Std()(static_cast<long double>(x), static_cast<long double>(y)...));
  }
};

#undef CHAINRULE_SLEEF_UNARY
#undef CHAINRULE_SLEEF_BINARY
#ifdef CHAINRULE_SLEEF_F32
using SleefFloats = decltype(hn::Vec<hn::ScalableTag<float>>::raw);
using SleefDoubles = decltype(hn::Vec<hn::ScalableTag<double>>::raw);
#define CHAINRULE_SLEEF_UNARY(Name, name)                                                                           \
  extern "C" SleefFloats HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32)(SleefFloats);                                \
  extern "C" SleefDoubles HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64)(SleefDoubles);                              \
  HWY_INLINE SleefFloats sleef_##name(SleefFloats x) { return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32)(x); }   \
  HWY_INLINE SleefDoubles sleef_##name(SleefDoubles x) { return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64)(x); } \
  struct Sleef##Name {                                                                                              \
    template <class D, class V>                                                                                     \
    HWY_INLINE V operator()(D, V x) const {                                                                         \
      return V{sleef_##name(x.raw)};                                                                                \
    }                                                                                                               \
  };
#define CHAINRULE_SLEEF_BINARY(Name, name)                                                                                             \
  extern "C" SleefFloats HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32)(SleefFloats, SleefFloats);                                      \
  extern "C" SleefDoubles HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64)(SleefDoubles, SleefDoubles);                                   \
  HWY_INLINE SleefFloats sleef_##name(SleefFloats a, SleefFloats b) { return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32)(a, b); }    \
  HWY_INLINE SleefDoubles sleef_##name(SleefDoubles a, SleefDoubles b) { return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64)(a, b); } \
  struct Sleef##Name {                                                                                                                 \
    template <class D, class V>                                                                                                        \
    HWY_INLINE V operator()(D, V a, V b) const {                                                                                       \
      return V{sleef_##name(a.raw, b.raw)};                                                                                            \
    }                                                                                                                                  \
  };
#else
#define CHAINRULE_SLEEF_UNARY(Name, name)                                           \
  struct Sleef##Name {                                                              \
    template <class D, class V>                                                     \
    HWY_INLINE V operator()(D d, V x) const {                                       \
      return replace_lanes(d, hn::Eq(hn::Zero(d), hn::Zero(d)), x, x, Std##Name()); \
    }                                                                               \
  };
#define CHAINRULE_SLEEF_BINARY(Name, name)                                             \
  struct Sleef##Name {                                                                 \
    template <class D, class V>                                                        \
    HWY_INLINE V operator()(D d, V a, V b) const {                                     \
      return replace_lanes(d, hn::Eq(hn::Zero(d), hn::Zero(d)), a, b, a, Std##Name()); \
    }                                                                                  \
  };
#endif

CHAINRULE_SLEEF_UNARY(Exp, exp)
CHAINRULE_SLEEF_UNARY(Expm1, expm1)
CHAINRULE_SLEEF_UNARY(Log, log)
CHAINRULE_SLEEF_UNARY(Log1p, log1p)
CHAINRULE_SLEEF_UNARY(Sin, sin)
CHAINRULE_SLEEF_UNARY(Cos, cos)
CHAINRULE_SLEEF_UNARY(Tan, tan)
CHAINRULE_SLEEF_UNARY(Asin, asin)
CHAINRULE_SLEEF_UNARY(Acos, acos)
CHAINRULE_SLEEF_UNARY(Atan, atan)
CHAINRULE_SLEEF_UNARY(Sinh, sinh)
CHAINRULE_SLEEF_UNARY(Cosh, cosh)
CHAINRULE_SLEEF_UNARY(Tanh, tanh)
CHAINRULE_SLEEF_UNARY(Erf, erf)
CHAINRULE_SLEEF_BINARY(Pow, pow)
CHAINRULE_SLEEF_BINARY(Atan2, atan2)

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
