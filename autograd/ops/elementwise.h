// Elementwise arithmetic, functions and comparisons. Binary ops broadcast as NumPy; a number takes the Tensor's dtype; float32 beside
// float64 is an error. Unless said otherwise an op is differentiable any number of times.
#pragma once

#include "autograd/graph/tensor.h"

namespace chainrule {

/// a + b. Also for int64, as - and *.
Tensor add(const Operand& a, const Operand& b);
/// a - b.
Tensor sub(const Operand& a, const Operand& b);
/// a · b.
Tensor mul(const Operand& a, const Operand& b);
/// a / b; IEEE at 0.
Tensor div(const Operand& a, const Operand& b);

inline Tensor operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Tensor operator-(const Operand& a, const Operand& b) { return sub(a, b); }
inline Tensor operator*(const Operand& a, const Operand& b) { return mul(a, b); }
inline Tensor operator/(const Operand& a, const Operand& b) { return div(a, b); }

/// `c += d` means `c = c + d`: the handle moves on to a new node; nothing is written in place, other handles keep the old value.
inline Tensor& operator+=(Tensor& a, const Operand& b) { return a = add(Operand(a, b.line()), b); }
inline Tensor& operator-=(Tensor& a, const Operand& b) { return a = sub(Operand(a, b.line()), b); }
inline Tensor& operator*=(Tensor& a, const Operand& b) { return a = mul(Operand(a, b.line()), b); }
inline Tensor& operator/=(Tensor& a, const Operand& b) { return a = div(Operand(a, b.line()), b); }

/// a^b. The gradient for a is 0 where b = 0, the one for b is 0 where a = 0 and b >= 0, as PyTorch.
Tensor pow(const Operand& a, const Operand& b);
/// The angle of the point (x = b, y = a), in [-π, π].
Tensor atan2(const Operand& a, const Operand& b);
/// sqrt(a² + b²), which overflows only where the result itself is beyond the dtype; inf where either is infinite, even beside NaN.
/// The gradients are a / hypot and b / hypot: 0 where a and b are 0 (PyTorch: NaN), NaN for an argument that is infinite, as PyTorch.
Tensor hypot(const Operand& a, const Operand& b);
/// log(exp(a) + exp(b)) without overflow: the larger where the other is -inf, -inf where both are. The gradients are exp(a - logaddexp) and
/// exp(b - logaddexp), which add up to 1: where a and b are one and the same infinity each gets half the gradient (PyTorch: NaN).
Tensor logaddexp(const Operand& a, const Operand& b);
/// The larger of a and b; NaN if either is. Where they are equal each gets half the gradient.
Tensor maximum(const Operand& a, const Operand& b);
/// The smaller of a and b; NaN if either is. Where they are equal each gets half the gradient.
Tensor minimum(const Operand& a, const Operand& b);

/// -x. Also for int64.
Tensor neg(const TensorArg& x);
inline Tensor operator-(const TensorArg& x) { return neg(x); }
/// |x|; gradient 0 at 0.
Tensor abs(const TensorArg& x);
/// -1, 0 or 1, or NaN (PyTorch: 0) for NaN; gradient 0.
Tensor sign(const TensorArg& x);
Tensor exp(const TensorArg& x);
/// exp(x) - 1, exact near 0.
Tensor expm1(const TensorArg& x);
/// Natural logarithm; -inf at 0, NaN below.
Tensor log(const TensorArg& x);
/// log(1 + x), exact near 0.
Tensor log1p(const TensorArg& x);
/// Gradient inf at 0.
Tensor sqrt(const TensorArg& x);
/// 1 / sqrt(x).
Tensor rsqrt(const TensorArg& x);
/// x². Also for int64.
Tensor square(const TensorArg& x);
/// 1 / x.
Tensor reciprocal(const TensorArg& x);
Tensor sin(const TensorArg& x);
Tensor cos(const TensorArg& x);
Tensor tan(const TensorArg& x);
Tensor asin(const TensorArg& x);
Tensor acos(const TensorArg& x);
Tensor atan(const TensorArg& x);
Tensor sinh(const TensorArg& x);
Tensor cosh(const TensorArg& x);
Tensor tanh(const TensorArg& x);
/// (2/√π) · the integral of exp(-t²) from 0 to x.
Tensor erf(const TensorArg& x);
/// Largest integer not above x; gradient 0.
Tensor floor(const TensorArg& x);
/// Smallest integer not below x; gradient 0.
Tensor ceil(const TensorArg& x);
/// Nearest integer, halves to even; gradient 0.
Tensor round(const TensorArg& x);
/// 1 / (1 + exp(-x)), without overflow.
Tensor sigmoid(const TensorArg& x);

/// x limited to [low, high]; gradient 1 from low to high, both included, and 0 beyond. NaN stays.
/// @throws std::invalid_argument where low or high is NaN.
Tensor clamp(const TensorArg& x, double low, double high);
/// a where condition is not 0, else b; the three broadcast. No gradient for the condition, which has the dtype of a and b.
Tensor where(const Operand& condition, const Operand& a, const Operand& b);
/// a + weight · (b - a).
Tensor lerp(const Operand& a, const Operand& b, const Operand& weight);

/// Comparisons and tests give 1 or 0 in the dtype of their operands and have no gradient. Also for int64.
Tensor eq(const Operand& a, const Operand& b);
Tensor ne(const Operand& a, const Operand& b);
Tensor lt(const Operand& a, const Operand& b);
Tensor le(const Operand& a, const Operand& b);
Tensor gt(const Operand& a, const Operand& b);
Tensor ge(const Operand& a, const Operand& b);

// Operators give the same masks, element by element: `if (a == b)` does not compile, as a Tensor has no truth value; ask all(a ==
// b).item(), or a.is(b) for whether both are handles on one node.
inline Tensor operator==(const Operand& a, const Operand& b) { return eq(a, b); }
inline Tensor operator!=(const Operand& a, const Operand& b) { return ne(a, b); }
inline Tensor operator<(const Operand& a, const Operand& b) { return lt(a, b); }
inline Tensor operator<=(const Operand& a, const Operand& b) { return le(a, b); }
inline Tensor operator>(const Operand& a, const Operand& b) { return gt(a, b); }
inline Tensor operator>=(const Operand& a, const Operand& b) { return ge(a, b); }

Tensor logical_and(const Operand& a, const Operand& b);
Tensor logical_or(const Operand& a, const Operand& b);
Tensor logical_not(const TensorArg& x);
Tensor isnan(const TensorArg& x);
Tensor isinf(const TensorArg& x);
Tensor isfinite(const TensorArg& x);

}  // namespace chainrule
