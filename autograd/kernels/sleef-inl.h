// SLEEF's vector functions with errors of at most 1 ULP (1.5 ULP for erfc), as functors on Highway's vectors, compiled once for each of
// Highway's targets. On targets for which SLEEF has no functions they call std:: for each lane. The functions are declared here because
// SLEEF's header hides those of instruction sets that are not enabled for the whole file.
// clang-format off
// Internal header: not installed.
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
#include <type_traits>

// The suffixes of SLEEF's functions for this target; the accuracy is u10 or u15, its bound in tenths of a ULP. SLEEF expects vectors in
// registers. Clang passes a vector in memory if it is wider than the instruction set of the whole file allows, even if the calling function
// has registers for it. In this case wide vectors are passed in pieces of 128 bits.
#undef CHAINRULE_SLEEF_F32
#undef CHAINRULE_SLEEF_F64
#undef CHAINRULE_SLEEF_IN_PIECES
#define CHAINRULE_SLEEF_IN_PIECES 0
#if HWY_COMPILER_CLANG && \
    ((HWY_TARGET == HWY_AVX2 && !defined(__AVX__)) || ((HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL) && !defined(__AVX512F__)))
#undef CHAINRULE_SLEEF_IN_PIECES
#define CHAINRULE_SLEEF_IN_PIECES 1
#define CHAINRULE_SLEEF_F32(accuracy) f4_##accuracy##avx2128
#define CHAINRULE_SLEEF_F64(accuracy) d2_##accuracy##avx2128
#elif HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
#define CHAINRULE_SLEEF_F32(accuracy) f16_##accuracy##avx512f
#define CHAINRULE_SLEEF_F64(accuracy) d8_##accuracy##avx512f
#elif HWY_TARGET == HWY_AVX2
#define CHAINRULE_SLEEF_F32(accuracy) f8_##accuracy##avx2
#define CHAINRULE_SLEEF_F64(accuracy) d4_##accuracy##avx2
#elif HWY_TARGET == HWY_SSE4
#define CHAINRULE_SLEEF_F32(accuracy) f4_##accuracy##sse4
#define CHAINRULE_SLEEF_F64(accuracy) d2_##accuracy##sse4
#elif HWY_TARGET == HWY_SSSE3
#define CHAINRULE_SLEEF_F32(accuracy) f4_##accuracy##sse2
#define CHAINRULE_SLEEF_F64(accuracy) d2_##accuracy##sse2
#elif HWY_TARGET == HWY_NEON && HWY_ARCH_ARM_A64
#define CHAINRULE_SLEEF_F32(accuracy) f4_##accuracy##advsimd
#define CHAINRULE_SLEEF_F64(accuracy) d2_##accuracy##advsimd
#endif

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

/// The lanes of a vector as an array.
template <class D, class T = hn::TFromD<D>>
struct Lanes {
  HWY_ALIGN T values[hn::MaxLanes(D())];
  HWY_INLINE Lanes(D d, hn::Vec<D> v) { hn::Store(v, d, values); }
};

/// Returns y with the lanes in the mask replaced by f(x...), computed for each lane separately. For rare arguments, for which vector code
/// is not worthwhile.
template <class D, class F, class... Vectors>
HWY_NOINLINE hn::Vec<D> replace_lanes(D d, hn::Mask<D> where, hn::Vec<D> y, F f, Vectors... x) {
  using T = hn::TFromD<D>;
  const Lanes<D> chosen(d, hn::IfThenElseZero(where, hn::Set(d, T{1})));
  Lanes<D> results(d, y);
  const auto replace = [&](const auto&... arguments) HWY_ATTR {
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
      if (chosen.values[i] != T{0}) results.values[i] = f(arguments.values[i]...);
    }
  };
  replace(Lanes<D>(d, x)...);
  return hn::Load(d, results.values);
}

/// Returns f(x...), computed for each lane separately.
template <class D, class F, class... Vectors>
HWY_INLINE hn::Vec<D> each_lane(D d, F f, Vectors... x) {
  return replace_lanes(d, hn::Eq(hn::Zero(d), hn::Zero(d)), hn::Zero(d), f, x...);
}

}  // namespace

/// Defines a functor that calls std::name.
#undef CHAINRULE_STD_FUNCTION
#define CHAINRULE_STD_FUNCTION(Name, name)  \
  struct Std##Name {                        \
    template <class T, class... Rest>       \
    T operator()(T x, Rest... rest) const { \
      return std::name(x, rest...);         \
    }                                       \
  };

/// Computes the function of a StdName functor in the next wider type and rounds the result.
template <class Std>
struct Widened {
  template <class... Floats>
  float operator()(float x, Floats... rest) const {
    return static_cast<float>(Std()(static_cast<double>(x), static_cast<double>(rest)...));
  }
  template <class... Doubles>
  double operator()(double x, Doubles... rest) const {
    return static_cast<double>(Std()(static_cast<long double>(x), static_cast<long double>(rest)...));
  }
};

// Each of these defines StdName and SleefName, the latter for vectors.
#undef CHAINRULE_SLEEF_UNARY
#undef CHAINRULE_SLEEF_BINARY
#ifdef CHAINRULE_SLEEF_F32

/// The vector type that SLEEF's functions take.
template <class T>
using SleefTag = hn::CappedTag<T, (CHAINRULE_SLEEF_IN_PIECES ? 16 : HWY_MAX_BYTES) / sizeof(T)>;
using SleefFloats = decltype(hn::Vec<SleefTag<float>>::raw);
using SleefDoubles = decltype(hn::Vec<SleefTag<double>>::raw);

template <class D, class F, class... Vectors>
HWY_INLINE hn::Vec<D> call_sleef(D d, F f, Vectors... x) {
  const SleefTag<hn::TFromD<D>> piece;
  if constexpr (std::is_same_v<hn::Vec<D>, hn::Vec<decltype(piece)>>) {
    return f(x...);
  } else {
    Lanes<D> results(d, hn::Zero(d));
    const auto call = [&](const auto&... arguments) HWY_ATTR {
      for (std::size_t i = 0; i < hn::Lanes(d); i += hn::Lanes(piece)) {
        hn::Store(f(hn::Load(piece, arguments.values + i)...), piece, results.values + i);
      }
    };
    call(Lanes<D>(d, x)...);
    return hn::Load(d, results.values);
  }
}

#define CHAINRULE_SLEEF_UNARY(Name, name, accuracy)                                                                           \
  CHAINRULE_STD_FUNCTION(Name, name)                                                                                          \
  extern "C" SleefFloats HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32(accuracy))(SleefFloats);                                \
  extern "C" SleefDoubles HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64(accuracy))(SleefDoubles);                              \
  struct Sleef##Name {                                                                                                        \
    static HWY_INLINE SleefFloats raw(SleefFloats x) { return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32(accuracy))(x); }   \
    static HWY_INLINE SleefDoubles raw(SleefDoubles x) { return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64(accuracy))(x); } \
    template <class V>                                                                                                        \
    HWY_INLINE V operator()(V x) const {                                                                                      \
      return V{raw(x.raw)};                                                                                                   \
    }                                                                                                                         \
    template <class D, class V>                                                                                               \
    HWY_INLINE V operator()(D d, V x) const {                                                                                 \
      return call_sleef(d, *this, x);                                                                                         \
    }                                                                                                                         \
  };
#define CHAINRULE_SLEEF_BINARY(Name, name)                                                                                               \
  CHAINRULE_STD_FUNCTION(Name, name)                                                                                                     \
  extern "C" SleefFloats HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32(u10))(SleefFloats, SleefFloats);                                   \
  extern "C" SleefDoubles HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64(u10))(SleefDoubles, SleefDoubles);                                \
  struct Sleef##Name {                                                                                                                   \
    static HWY_INLINE SleefFloats raw(SleefFloats a, SleefFloats b) { return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F32(u10))(a, b); } \
    static HWY_INLINE SleefDoubles raw(SleefDoubles a, SleefDoubles b) {                                                                 \
      return HWY_CONCAT(Sleef_##name, CHAINRULE_SLEEF_F64(u10))(a, b);                                                                   \
    }                                                                                                                                    \
    template <class V>                                                                                                                   \
    HWY_INLINE V operator()(V a, V b) const {                                                                                            \
      return V{raw(a.raw, b.raw)};                                                                                                       \
    }                                                                                                                                    \
    template <class D, class V>                                                                                                          \
    HWY_INLINE V operator()(D d, V a, V b) const {                                                                                       \
      return call_sleef(d, *this, a, b);                                                                                                 \
    }                                                                                                                                    \
  };

#else
#define CHAINRULE_SLEEF_UNARY(Name, name, accuracy) \
  CHAINRULE_STD_FUNCTION(Name, name)                \
  struct Sleef##Name {                              \
    template <class D, class V>                     \
    HWY_INLINE V operator()(D d, V x) const {       \
      return each_lane(d, Std##Name(), x);          \
    }                                               \
  };
#define CHAINRULE_SLEEF_BINARY(Name, name)         \
  CHAINRULE_STD_FUNCTION(Name, name)               \
  struct Sleef##Name {                             \
    template <class D, class V>                    \
    HWY_INLINE V operator()(D d, V a, V b) const { \
      return each_lane(d, Std##Name(), a, b);      \
    }                                              \
  };
#endif

CHAINRULE_SLEEF_UNARY(Exp, exp, u10)
CHAINRULE_SLEEF_UNARY(Expm1, expm1, u10)
CHAINRULE_SLEEF_UNARY(Log, log, u10)
CHAINRULE_SLEEF_UNARY(Log1p, log1p, u10)
CHAINRULE_SLEEF_UNARY(Sin, sin, u10)
CHAINRULE_SLEEF_UNARY(Cos, cos, u10)
CHAINRULE_SLEEF_UNARY(Tan, tan, u10)
CHAINRULE_SLEEF_UNARY(Asin, asin, u10)
CHAINRULE_SLEEF_UNARY(Acos, acos, u10)
CHAINRULE_SLEEF_UNARY(Atan, atan, u10)
CHAINRULE_SLEEF_UNARY(Sinh, sinh, u10)
CHAINRULE_SLEEF_UNARY(Cosh, cosh, u10)
CHAINRULE_SLEEF_UNARY(Tanh, tanh, u10)
CHAINRULE_SLEEF_UNARY(Erf, erf, u10)
CHAINRULE_SLEEF_UNARY(Erfc, erfc, u15)
CHAINRULE_SLEEF_BINARY(Pow, pow)
CHAINRULE_SLEEF_BINARY(Atan2, atan2)

CHAINRULE_STD_FUNCTION(Nearbyint, nearbyint)  // rounds halfway cases to even

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
