// Vector functions that consist of a few processor instructions, compiled once for each of Highway's targets. None uses a fused
// multiply-add, so that the bits are the same on every processor.
// clang-format off
// Internal header: not installed.
#if defined(CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_ARITHMETIC_INL_H_
#undef CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_ARITHMETIC_INL_H_
#else
#define CHAINRULE_AUTOGRAD_KERNELS_ELEMENTWISE_ARITHMETIC_INL_H_
#endif
// clang-format on

#include <hwy/highway.h>

#include "autograd/kernels/sleef-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

/// Base of vector functions. kCalls tells loops whether the function calls another one; unrolling the loop would then only spill registers.
struct Inline {
  static constexpr bool kCalls = false;
};

struct Neg : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Neg(x);
  }
};
struct Abs : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Abs(x);
  }
};
struct Square : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Mul(x, x);
  }
};
struct Sqrt : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Sqrt(x);
  }
};
struct Rsqrt : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(hn::Set(d, 1), hn::Sqrt(x));
  }
};
struct Reciprocal : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(hn::Set(d, 1), x);
  }
};
// CopySign keeps the sign of the argument, which Highway's emulations lose if the result is 0.
struct Floor : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::CopySign(hn::Floor(x), x);
  }
};
struct Ceil : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V x) const {
    return hn::CopySign(hn::Ceil(x), x);
  }
};
struct Round : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    // Highway rounds 0.49999997 to 1 on targets without vectors.
    if constexpr (HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128) return each_lane(d, StdNearbyint(), x);
    return hn::CopySign(hn::Round(x), x);
  }
};
struct Sign : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1);
    const V magnitude = hn::IfThenElseZero(hn::Gt(x, hn::Zero(d)), one);
    const V signed_one = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Neg(one), magnitude);
    return hn::IfThenElse(hn::IsNaN(x), x, signed_one);
  }
};
struct Relu : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenZeroElse(hn::Le(x, hn::Zero(d)), x);
  }
};
struct Isnan : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElseZero(hn::IsNaN(x), hn::Set(d, 1));
  }
};
struct Isinf : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElseZero(hn::IsInf(x), hn::Set(d, 1));
  }
};
struct Isfinite : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElseZero(hn::IsFinite(x), hn::Set(d, 1));
  }
};
struct LogicalNot : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElseZero(hn::Eq(x, hn::Zero(d)), hn::Set(d, 1));
  }
};
struct Add : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Add(a, b);
  }
};
struct Sub : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Sub(a, b);
  }
};
struct Mul : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Mul(a, b);
  }
};
struct Div : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Div(a, b);
  }
};
struct Maximum : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::IfThenElse(hn::Or(hn::Gt(a, b), hn::IsNaN(a)), a, b);
  }
};
struct Minimum : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
  }
};
struct Eq : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::IfThenElseZero(hn::Eq(a, b), hn::Set(d, 1));
  }
};
struct Ne : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::IfThenZeroElse(hn::Eq(a, b), hn::Set(d, 1));
  }
};
struct Lt : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::IfThenElseZero(hn::Lt(a, b), hn::Set(d, 1));
  }
};
struct Le : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::IfThenElseZero(hn::Le(a, b), hn::Set(d, 1));
  }
};
struct Gt : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::IfThenElseZero(hn::Gt(a, b), hn::Set(d, 1));
  }
};
struct Ge : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::IfThenElseZero(hn::Ge(a, b), hn::Set(d, 1));
  }
};
struct LogicalAnd : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    const V zero = hn::Zero(d);
    return hn::IfThenZeroElse(hn::Or(hn::Eq(a, zero), hn::Eq(b, zero)), hn::Set(d, 1));
  }
};
struct LogicalOr : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    const V zero = hn::Zero(d);
    return hn::IfThenZeroElse(hn::And(hn::Eq(a, zero), hn::Eq(b, zero)), hn::Set(d, 1));
  }
};
struct Hypot : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    using T = hn::TFromD<D>;
    // Powers of two bring the larger operand to where squares neither overflow nor are denormal.
    constexpr bool kFloat = sizeof(T) == 4;
    const V large = hn::Set(d, static_cast<T>(kFloat ? 0x1p60 : 0x1p500)), small = hn::Set(d, static_cast<T>(kFloat ? 0x1p-60 : 0x1p-500));
    const V up = hn::Set(d, static_cast<T>(kFloat ? 0x1p90 : 0x1p700)), down = hn::Set(d, static_cast<T>(kFloat ? 0x1p-90 : 0x1p-700));
    const V one = hn::Set(d, 1), x = hn::Abs(a), y = hn::Abs(b);
    const V larger = hn::IfThenElse(hn::Gt(x, y), x, y);
    const auto is_large = hn::Gt(larger, large), is_small = hn::Lt(larger, small);
    const V scale = hn::IfThenElse(is_large, down, hn::IfThenElse(is_small, up, one));
    const V back = hn::IfThenElse(is_large, up, hn::IfThenElse(is_small, down, one));
    const V p = hn::Mul(x, scale), q = hn::Mul(y, scale);
    const V result = hn::Mul(hn::Sqrt(hn::Add(hn::Mul(p, p), hn::Mul(q, q))), back);
    return hn::IfThenElse(hn::IsInf(x), x, hn::IfThenElse(hn::IsInf(y), y, result));
  }
};
struct OneMinusSquare : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1);
    return hn::Mul(hn::Sub(one, x), hn::Add(one, x));
  }
};
struct Threshold : Inline {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    return hn::IfThenElseZero(hn::Gt(b, hn::Zero(d)), a);
  }
};
template <class V>
struct Clamp : Inline {
  V low, high;
  HWY_INLINE Clamp(V least, V most) : low(least), high(most) {}
  template <class D>
  HWY_INLINE V operator()(D, V x) const {
    const V raised = hn::IfThenElse(hn::Lt(x, low), low, x);
    return hn::IfThenElse(hn::Gt(raised, high), high, raised);
  }
};

/// b + scale·a.
template <class V>
struct AddScaled : Inline {
  V scale;
  HWY_INLINE explicit AddScaled(V factor) : scale(factor) {}
  template <class D>
  HWY_INLINE V operator()(D, V a, V b) const {
    return hn::Add(b, hn::Mul(scale, a));
  }
};

}  // namespace
}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
