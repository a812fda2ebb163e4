// Vector versions of the functions in <cmath> and of functions built on them, compiled once for each of Highway's targets. They use SLEEF
// and correct it where it deviates from std:: or where the bits of a lane depend on the other lanes.
// clang-format off
// Internal header: not installed.
#if defined(CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_MATH_INL_H_
#undef CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_MATH_INL_H_
#else
#define CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_MATH_INL_H_
#endif
// clang-format on

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <limits>

#include "autograd/kernels/elementwise_arithmetic-inl.h"
#include "autograd/kernels/sleef-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

/// Base of vector functions that call another function; see Inline.
struct Calling {
  static constexpr bool kCalls = true;
};

template <class Sleef>
struct Straight : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return Sleef()(d, x);
  }
};
using Exp = Straight<SleefExp>;
using Expm1 = Straight<SleefExpm1>;
using Log = Straight<SleefLog>;
using Asin = Straight<SleefAsin>;
using Acos = Straight<SleefAcos>;
using Atan = Straight<SleefAtan>;

/// Returns the first value for float and the second for double.
template <class D>
constexpr hn::TFromD<D> either(double for_float, double for_double) {
  return static_cast<hn::TFromD<D>>(sizeof(hn::TFromD<D>) == 4 ? for_float : for_double);
}

/// Returns x where |x| is so small that f(x) rounds to x, and y = f(x) elsewhere. For such small x, SLEEF loses denormals, the sign of 0 or
/// the last bit.
template <class D, class V>
HWY_INLINE V identity_near_zero(D d, V x, V y, double limit_float, double limit_double) {
  return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, either<D>(limit_float, limit_double))), x, y);
}

struct Log1p : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V y = identity_near_zero(d, x, SleefLog1p()(d, x), 0x1p-25, 0x1p-54);
    const auto huge = hn::Gt(x, hn::Set(d, either<D>(1e37, 1e306)));  // SLEEF returns infinity there
    return HWY_LIKELY(hn::AllFalse(d, huge)) ? y : replace_lanes(d, huge, y, StdLog1p(), x);
  }
};

/// SLEEF chooses the argument reduction by the largest element of the vector. Here it is chosen by each element, so that the bits of a lane
/// do not depend on the others.
template <class Sleef>
struct Periodic : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const auto near = hn::Lt(hn::Abs(x), hn::Set(d, either<D>(125, 15)));
    return HWY_LIKELY(hn::AllTrue(d, near)) ? Sleef()(d, x) : mixed(d, x);
  }

 private:
  template <class D, class V>
  static HWY_NOINLINE V mixed(D d, V x) {
    const V near_limit = hn::Set(d, either<D>(125, 15)), far_limit = hn::Set(d, either<D>(125, 1e14));
    const auto near = hn::Lt(hn::Abs(x), near_limit);
    const auto not_far = hn::Lt(hn::Abs(x), far_limit);
    V y = Sleef()(d, hn::IfThenElse(not_far, far_limit, x));
    if constexpr (sizeof(hn::TFromD<D>) == 8)
      y = hn::IfThenElse(not_far, Sleef()(d, hn::IfThenElse(hn::AndNot(near, not_far), x, near_limit)), y);
    return hn::IfThenElse(near, Sleef()(d, hn::IfThenElseZero(near, x)), y);
  }
};
using Sin = Periodic<SleefSin>;
using Cos = Periodic<SleefCos>;
struct Tan : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return identity_near_zero(d, x, Periodic<SleefTan>()(d, x), 0x1p-13, 0x1p-27);
  }
};

/// sinh and cosh. SLEEF's functions overflow although the result is still finite.
template <class Sleef, class Std>
struct Hyperbolic : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V y = Sleef()(d, x);
    const auto huge = hn::Gt(hn::Abs(x), hn::Set(d, either<D>(88, 709)));
    return HWY_LIKELY(hn::AllFalse(d, huge)) ? y : replace_lanes(d, huge, y, Widened<Std>(), x);
  }
};
using Cosh = Hyperbolic<SleefCosh, StdCosh>;
struct Sinh : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return identity_near_zero(d, x, Hyperbolic<SleefSinh, StdSinh>()(d, x), 0x1p-12, 0x1p-27);
  }
};

struct Tanh : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return identity_near_zero(d, x, SleefTanh()(d, x), 0x1p-12, 0x1p-27);
  }
};

struct Erf : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    // Near 0, erf(x) is x·2/sqrt(pi). SLEEF loses bits there if x is denormal.
    const V slope_above_one = hn::Set(d, static_cast<hn::TFromD<D>>(0.12837916709551257));
    const V linear = hn::Add(x, hn::Mul(x, slope_above_one));
    return hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, either<D>(0x1p-14, 0x1p-28))), linear, SleefErf()(d, x));
  }
};

struct Sigmoid : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1);
    const V e = Exp()(d, hn::Neg(hn::Abs(x)));
    return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
  }
};
/// The rounding error of `product` = a·b, so that a·b = product + error. a, b and the product must be far from overflow.
template <class D, class V>
HWY_INLINE V product_error(D d, V a, V b, V product) {
  if constexpr (HWY_NATIVE_FMA != 0) {
    return hn::MulSub(a, b, product);
  } else {
    // Dekker: both are divided into halves, whose products are exact.
    const V split = hn::Set(d, either<D>(0x1p12 + 1, 0x1p27 + 1));
    const V shifted_a = hn::Mul(a, split), high_a = hn::Sub(shifted_a, hn::Sub(shifted_a, a)), low_a = hn::Sub(a, high_a);
    const V shifted_b = hn::Mul(b, split), high_b = hn::Sub(shifted_b, hn::Sub(shifted_b, b)), low_b = hn::Sub(b, high_b);
    const V cross = hn::Add(hn::Mul(high_a, low_b), hn::Mul(low_a, high_b));
    return hn::Add(hn::Add(hn::Sub(hn::Mul(high_a, high_b), product), cross), hn::Mul(low_a, low_b));
  }
}

/// exp(-k·x²). The rounding error of x² is made good, since exp would multiply it by k·x². Beyond the limit the result is 0.
template <class D, class V>
HWY_INLINE V bell(D d, V x, double k, double limit_float, double limit_double) {
  const V limit = hn::Set(d, either<D>(limit_float, limit_double)), factor = hn::Set(d, static_cast<hn::TFromD<D>>(k));
  const V near = hn::IfThenElse(hn::Gt(hn::Abs(x), limit), limit, x);  // NaN stays NaN
  const V square = hn::Mul(near, near), error = product_error(d, near, near, square);
  return hn::Mul(Exp()(d, hn::Neg(hn::Mul(factor, square))), hn::Sub(hn::Set(d, 1), hn::Mul(factor, error)));
}
/// exp(-x²).
struct Gaussian : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return bell(d, x, 1, 11, 28);
  }
};
/// exp(-x²/2) / sqrt(2π).
struct NormalDensity : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(bell(d, x, 0.5, 15, 39), hn::Set(d, static_cast<hn::TFromD<D>>(0.3989422804014327)));
  }
};
/// erfc(-x / sqrt(2)) / 2. The rounding error of the argument z = x / sqrt(2) is made good by the first term of erfc's series there, since
/// erfc would multiply it by 2·z².
struct NormalCdf : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    constexpr double kRoot = 0.7071067811865476, kRest = -4.833646656726457e-17;  // their sum is sqrt(1/2)
    const V limit = hn::Set(d, either<D>(15, 39));
    const V near = hn::IfThenElse(hn::Gt(hn::Abs(x), limit), hn::CopySign(limit, x), x);
    constexpr T kHigh = static_cast<T>(kRoot);
    constexpr T kLow = static_cast<T>(sizeof(T) == 4 ? kRoot - static_cast<double>(kHigh) : kRest);
    const V high = hn::Set(d, kHigh), z = hn::Mul(near, high);
    const V error = hn::Add(product_error(d, near, high, z), hn::Mul(near, hn::Set(d, kLow)));
    const V half = hn::Set(d, static_cast<T>(0.5)), slope = hn::Set(d, static_cast<T>(0.5641895835477563));  // 1 / sqrt(π)
    return hn::Add(hn::Mul(half, SleefErfc()(d, hn::Neg(z))), hn::Mul(error, hn::Mul(slope, Exp()(d, hn::Neg(hn::Mul(z, z))))));
  }
};
/// sigmoid'(x) = e / (1 + e)² with e = exp(-|x|). Highway's exp is inlined and takes half the time of SLEEF's. It gives 0 for NaN.
template <class D, class V>
HWY_INLINE V sigmoid_slope(D d, V x) {
  const V e = hn::Exp(d, hn::Neg(hn::Abs(x))), whole = hn::Add(hn::Set(d, 1), e);
  return hn::IfThenElse(hn::IsNaN(x), x, hn::Div(e, hn::Mul(whole, whole)));
}
struct SigmoidGradient : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::Mul(a, sigmoid_slope(d, b));
  }
};
/// tanh'(x) = 4·sigmoid'(2x).
struct TanhGradient : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::Mul(a, hn::Mul(hn::Set(d, 4), sigmoid_slope(d, hn::Add(b, b))));
  }
};
struct Softplus : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Add(Relu()(d, x), Log1p()(d, Exp()(d, hn::Neg(hn::Abs(x)))));
  }
};
struct LogAddExp : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    // Equal infinities have no difference.
    const V distance = hn::IfThenZeroElse(hn::Eq(a, b), hn::Abs(hn::Sub(a, b)));
    return hn::Add(Maximum()(d, a, b), Log1p()(d, Exp()(d, hn::Neg(distance))));
  }
};
struct Pow : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    const V most = hn::Set(d, kFused ? 3 : 2);
    const auto few = hn::And(hn::And(hn::Ge(b, hn::Zero(d)), hn::Le(b, most)), hn::Eq(b, hn::Floor(b)));
    if (hn::AllTrue(d, few)) return product(d, a, b);  // lanes beyond the end of the buffer have exponent 0
    const V y = any_power(d, a, b);
    return HWY_LIKELY(hn::AllFalse(d, few)) ? y : hn::IfThenElse(few, product(d, a, b), y);
  }

 private:
  static constexpr bool kFused = HWY_NATIVE_FMA != 0;

  // Returns aᵇ for b = 0, 1, 2 or 3: many times faster and slightly more accurate than any_power().
  template <class D, class V>
  static HWY_INLINE V product(D d, V a, V b) {
    const V one = hn::Set(d, 1), two = hn::Set(d, 2);
    const V square = hn::Mul(a, a);
    V y = hn::IfThenElse(hn::Lt(b, one), one, hn::IfThenElse(hn::Lt(b, two), a, square));
    if constexpr (kFused) {
      const V cut_off = hn::Mul(hn::MulSub(a, a, square), a);  // rounding error of the square, times a; not finite if the square overflows
      const V exact = hn::MulAdd(square, a, hn::IfThenElseZero(hn::IsFinite(cut_off), cut_off));
      y = hn::IfThenElse(hn::Gt(b, two), exact, y);
    }
    return y;
  }

  template <class D, class V>
  static HWY_INLINE V any_power(D d, V a, V b) {
    // SLEEF's pow overflows a few hundred ULP too early.
    const V y = SleefPow()(d, a, b);
    const auto overflowed = hn::And(hn::IsInf(y), hn::And(hn::IsFinite(a), hn::IsFinite(b)));
    return HWY_LIKELY(hn::AllFalse(d, overflowed)) ? y : replace_lanes(d, overflowed, y, StdPow(), a, b);
  }
};
struct Atan2 : Calling {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    // Without fused multiply-add, SLEEF's atan2 rounds denormal results, and results close to them, twice.
    const V y = SleefAtan2()(d, a, b);
    const V limit = hn::Set(d, 16 * std::numeric_limits<hn::TFromD<D>>::min());
    const auto tiny = hn::And(hn::Lt(hn::Abs(y), limit), hn::Gt(hn::Abs(y), hn::Zero(d)));
    return HWY_LIKELY(hn::AllFalse(d, tiny)) ? y : replace_lanes(d, tiny, y, Widened<StdAtan2>(), a, b);
  }
};

}  // namespace
}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
