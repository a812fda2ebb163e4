// Elementwise arithmetic, mathematical functions and comparisons.
#pragma once

/// @file
/// Ops with several operands broadcast them like NumPy. A number is converted to the dtype of the Tensor on the other side. Ops accept
/// float32 and float64, and int64 only where the comment says so. They can be differentiated any number of times, unless a comment says
/// otherwise. They throw std::invalid_argument for undefined Tensors, for a dtype that they do not accept, for operands of different
/// dtypes, for operands that are all numbers, and for shapes that do not broadcast together. Beside an int64 Tensor an integer keeps its
/// value; except in comparisons and div(), a floating number there must be an integer from -2^53 to 2^53.

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns a + b. Accepts int64, which wraps around on overflow.
Tensor add(const Operand& a, const Operand& b);
/// Returns a - b. Accepts int64, which wraps around on overflow.
Tensor sub(const Operand& a, const Operand& b);
/// Returns a · b. Accepts int64, which wraps around on overflow.
Tensor mul(const Operand& a, const Operand& b);
/// Returns a / b. Division by 0 gives ±inf or NaN, as in IEEE 754. Accepts int64: the result is not rounded to an integer, and has the
/// dtype default_dtype(), like in PyTorch. It does not require grad.
Tensor div(const Operand& a, const Operand& b);

/// Same as add(), sub(), mul() and div().
/// @{
inline Tensor operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Tensor operator-(const Operand& a, const Operand& b) { return sub(a, b); }
inline Tensor operator*(const Operand& a, const Operand& b) { return mul(a, b); }
inline Tensor operator/(const Operand& a, const Operand& b) { return div(a, b); }
/// @}

/// `a += b` means `a = a + b`, and so on: `a` becomes a handle to a new Tensor. Nothing is modified in place, and other handles keep the
/// old value.
/// @{
inline Tensor& operator+=(Tensor& a, const Operand& b) { return a = add(Operand(a, b.line()), b); }
inline Tensor& operator-=(Tensor& a, const Operand& b) { return a = sub(Operand(a, b.line()), b); }
inline Tensor& operator*=(Tensor& a, const Operand& b) { return a = mul(Operand(a, b.line()), b); }
inline Tensor& operator/=(Tensor& a, const Operand& b) { return a = div(Operand(a, b.line()), b); }
/// @}

/// Returns a^b; NaN where a < 0 and b is not an integer. As in PyTorch, the gradient with respect to a is 0 where a and b are 0, and the
/// gradient with respect to b is 0 where a = 0 and b >= 0. The mixed second derivative at (0, 0) is inf. Accepts int64, which wraps around
/// on overflow.
/// @throws std::invalid_argument for int64 and an exponent below 0.
Tensor pow(const Operand& a, const Operand& b);
/// Returns the angle of the point (x = b, y = a) in radians, from -π to π. The gradient at (0, 0) is NaN.
Tensor atan2(const Operand& a, const Operand& b);
/// Returns sqrt(a² + b²), which overflows only if the result itself is too large for the dtype. Returns inf where a or b is infinite, even
/// if the other is NaN. The gradients are a / hypot and b / hypot: 0 where a and b are both 0 (PyTorch: NaN), and NaN for an infinite
/// argument, like PyTorch. (0, 0) is the tip of a cone, so the second derivatives there are NaN.
Tensor hypot(const Operand& a, const Operand& b);
/// Returns log(exp(a) + exp(b)), computed without overflow. Where one operand is -inf, returns the other. The gradients are
/// exp(a - logaddexp) and exp(b - logaddexp), which add up to 1. Where a and b are the same infinity, each gets half of the gradient
/// (PyTorch: NaN).
Tensor logaddexp(const Operand& a, const Operand& b);
/// Returns the larger of a and b; NaN if either is NaN. Where a = b, each gets half of the gradient. Accepts int64.
Tensor maximum(const Operand& a, const Operand& b);
/// Returns the smaller of a and b; NaN if either is NaN. Where a = b, each gets half of the gradient. Accepts int64.
Tensor minimum(const Operand& a, const Operand& b);

/// Returns -x. Accepts int64, which wraps around on overflow.
Tensor neg(const TensorArg& x);
/// Same as neg().
inline Tensor operator-(const TensorArg& x) { return neg(x); }
/// Returns |x|. The gradient at 0 is 0. Accepts int64, whose smallest number wraps around to itself.
Tensor abs(const TensorArg& x);
/// Returns -1, 0 or 1; NaN for NaN (PyTorch returns 0). The gradient is 0 everywhere. Accepts int64.
Tensor sign(const TensorArg& x);
/// Returns e^x.
Tensor exp(const TensorArg& x);
/// Returns exp(x) - 1, accurately for small |x| too.
Tensor expm1(const TensorArg& x);
/// Returns the natural logarithm of x: -inf at 0, NaN below 0. The gradient at 0 is inf.
Tensor log(const TensorArg& x);
/// Returns log(1 + x), accurately for small |x| too: -inf at -1, NaN below -1.
Tensor log1p(const TensorArg& x);
/// Returns √x; NaN below 0. The gradient at 0 is inf.
Tensor sqrt(const TensorArg& x);
/// Returns 1 / √x: inf at 0, NaN below 0.
Tensor rsqrt(const TensorArg& x);
/// Returns x². Accepts int64, which wraps around on overflow.
Tensor square(const TensorArg& x);
/// Returns 1 / x: ±inf at ±0.
Tensor reciprocal(const TensorArg& x);
/// Returns the sine of x, in radians.
Tensor sin(const TensorArg& x);
/// Returns the cosine of x, in radians.
Tensor cos(const TensorArg& x);
/// Returns the tangent of x, in radians.
Tensor tan(const TensorArg& x);
/// Returns the arc sine of x in radians, from -π/2 to π/2; NaN where |x| > 1. The gradient at ±1 is inf.
Tensor asin(const TensorArg& x);
/// Returns the arc cosine of x in radians, from 0 to π; NaN where |x| > 1. The gradient at ±1 is -inf.
Tensor acos(const TensorArg& x);
/// Returns the arc tangent of x in radians, from -π/2 to π/2.
Tensor atan(const TensorArg& x);
/// Returns the hyperbolic sine of x.
Tensor sinh(const TensorArg& x);
/// Returns the hyperbolic cosine of x.
Tensor cosh(const TensorArg& x);
/// Returns the hyperbolic tangent of x.
Tensor tanh(const TensorArg& x);
/// Returns the error function of x: 2/√π times the integral of exp(-t²) from t = 0 to x.
Tensor erf(const TensorArg& x);
/// Returns the largest integer that is not above x. The gradient is 0 everywhere. Accepts int64, which it does not change.
Tensor floor(const TensorArg& x);
/// Returns the smallest integer that is not below x. The gradient is 0 everywhere. Accepts int64, which it does not change.
Tensor ceil(const TensorArg& x);
/// Returns the nearest integer; halfway cases go to the even one. The gradient is 0 everywhere. Accepts int64, which it does not change.
Tensor round(const TensorArg& x);
/// Returns 1 / (1 + exp(-x)), computed so that large |x| does not overflow.
Tensor sigmoid(const TensorArg& x);

/// Returns min(max(x, low), high); NaN stays NaN. The gradient is 1 where low <= x <= high, both ends included, and 0 elsewhere.
/// Accepts int64; the limits must then be integers, except that low may be -inf and high inf.
/// @throws std::invalid_argument if low or high is NaN, or for int64 and limits that are not integers.
Tensor clamp(const TensorArg& x, NumberArg low, NumberArg high);
/// Returns a where the condition is not 0, and b elsewhere. Accepts int64. All three operands broadcast and have the same dtype. The
/// condition gets no gradient.
Tensor where(const Operand& condition, const Operand& a, const Operand& b);
/// Returns a + weight · (b - a). Accepts int64, which wraps around on overflow.
Tensor lerp(const Operand& a, const Operand& b, const Operand& weight);

/// Elementwise comparisons: a = b, a ≠ b, a < b, a <= b, a > b and a >= b. They return 1 where the comparison is true and 0 where it is
/// false, in the dtype of the Tensors. Where an operand is NaN, ne() is true and the others are false. Accept int64, which is compared
/// with any number without rounding; the result does not require grad.
/// @{
Tensor eq(const Operand& a, const Operand& b);
Tensor ne(const Operand& a, const Operand& b);
Tensor lt(const Operand& a, const Operand& b);
Tensor le(const Operand& a, const Operand& b);
Tensor gt(const Operand& a, const Operand& b);
Tensor ge(const Operand& a, const Operand& b);
/// @}

/// Same as eq(), ne(), lt(), le(), gt() and ge(): they compare element by element. `if (a == b)` does not compile, because a Tensor does
/// not convert to bool: write all(a == b).item(), or a.is(b) to ask whether two handles refer to the same Tensor.
/// @{
inline Tensor operator==(const Operand& a, const Operand& b) { return eq(a, b); }
inline Tensor operator!=(const Operand& a, const Operand& b) { return ne(a, b); }
inline Tensor operator<(const Operand& a, const Operand& b) { return lt(a, b); }
inline Tensor operator<=(const Operand& a, const Operand& b) { return le(a, b); }
inline Tensor operator>(const Operand& a, const Operand& b) { return gt(a, b); }
inline Tensor operator>=(const Operand& a, const Operand& b) { return ge(a, b); }
/// @}

/// Returns 1 where both a and b are not 0, and 0 elsewhere, in the dtype of the operands. NaN counts as not 0. Accepts int64; the result
/// does not require grad.
Tensor logical_and(const Operand& a, const Operand& b);
/// Returns 1 where a or b is not 0, and 0 elsewhere, in the dtype of the operands. NaN counts as not 0. Accepts int64; the result does not
/// require grad.
Tensor logical_or(const Operand& a, const Operand& b);
/// Returns 1 where x is 0, and 0 elsewhere, in the dtype of x. Accepts int64; the result does not require grad.
Tensor logical_not(const TensorArg& x);
/// Elementwise tests for NaN, for ±inf, and for numbers that are neither. They return 1 where the test is true and 0 where it is false, in
/// the dtype of x. Accept int64; the result does not require grad.
/// @{
Tensor isnan(const TensorArg& x);
Tensor isinf(const TensorArg& x);
Tensor isfinite(const TensorArg& x);
/// @}

}  // namespace chainrule
#pragma GCC visibility pop
