// Reductions, such as sum, mean and max, over some or all axes.
#pragma once

/// @file
/// Reductions work on the axes listed, or on all axes if the list is empty; negative axes count from the end. The axes are removed from the
/// shape, or kept with size 1 if keepdim is true. Ops accept float32 and float64, and int64 only where the comment says so. They can be
/// differentiated any number of times, unless a comment says otherwise. They throw std::invalid_argument for undefined Tensors, for a dtype
/// that they do not accept, and for an axis that does not exist or is listed twice.

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns the sum; 0 if there are no elements. Accepts int64, which wraps around on overflow.
Tensor sum(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns the mean; NaN if there are no elements. Of an int64 Tensor, take mean(x.to(float64)).
Tensor mean(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns x - mean(x), in the shape of x, where the mean is that of the elements over the axes. The differences are accurate even if they
/// are small beside x, and exactly 0 if all elements are equal.
Tensor center(const TensorArg& x, const Axes& axes = {});
/// Returns the variance: the sum of (x - mean(x))² divided by max(0, n - correction), where n is the number of elements reduced. The
/// default is the unbiased estimate of the variance of a population; correction = 0 gives the variance of the elements themselves.
/// @throws std::invalid_argument if the correction is NaN.
Tensor var(const TensorArg& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// Returns the standard deviation √var(x), also where the variance would overflow or underflow. The gradient is 0 where the standard
/// deviation is 0; the second derivative does not exist there and is NaN, so use var to penalize differences that may be 0.
/// @throws std::invalid_argument if the correction is NaN.
Tensor std(const TensorArg& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// Returns the largest element; NaN if an element is NaN. If several elements are equal to it, each gets the same share of the gradient,
/// like torch.amax. Accepts int64.
/// @throws std::invalid_argument if there are no elements.
Tensor max(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns the smallest element; NaN if an element is NaN. If several elements are equal to it, each gets the same share of the gradient,
/// like torch.amin. Accepts int64.
/// @throws std::invalid_argument if there are no elements.
Tensor min(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns the product; 1 if there are no elements. The gradient is correct even if elements are 0. Accepts int64, which wraps around on
/// overflow.
Tensor prod(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns the p-norm (Σ|x|^p)^(1/p). For p = inf that is the largest |x|, for p = -inf the smallest |x|, and for p = 0 the number of
/// elements other than 0. The powers may overflow or underflow; the norm does not. The gradient is 0 where the norm or the element is 0,
/// and for p = 0. For p = ±inf, elements whose |x| equals the norm each get the same share of the gradient. Where the norm is 0, its second
/// derivative does not exist and is NaN, except for p = 0, 1 and ±inf, for which it is 0. squared_norm is smooth everywhere.
/// @throws std::invalid_argument if p is NaN, or if there are no elements and p < 0 or p = inf.
Tensor norm(const TensorArg& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// Returns the sum of the squares Σx², the square of the 2-norm; 0 if there are no elements. Unlike square(norm(x)), it has derivatives of
/// all orders at 0.
Tensor squared_norm(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns √(mean(x²) + epsilon), also where the squares would overflow or underflow; NaN if there are no elements. Where the result is 0,
/// the gradient is 0, and the second derivative does not exist and is NaN.
/// @throws std::invalid_argument unless epsilon is 0 or more.
Tensor root_mean_square(const TensorArg& x, const Axes& axes = {}, bool keepdim = false, double epsilon = 0);
/// Returns 1 if any element is not 0, otherwise 0, in the dtype of x; 0 if there are no elements. NaN counts as not 0. Accepts int64; the
/// result does not require grad.
Tensor any(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns 1 if all elements are not 0, otherwise 0, in the dtype of x; 1 if there are no elements. NaN counts as not 0. Accepts int64; the
/// result does not require grad.
Tensor all(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// Returns log(Σ exp(x)); -inf if there are no elements. The maximum is subtracted first, so that exp does not overflow. If the result is
/// infinite, the elements equal to it each get the same share of the gradient.
Tensor logsumexp(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);

/// Returns the cumulative sums along an axis, in the shape of x: y[i] = x[0] + ... + x[i]. Accepts int64, which wraps around on overflow.
Tensor cumsum(const TensorArg& x, int axis);

/// Returns the position of the largest element as int64. If several are equal, it is the first of them; NaN counts as the largest. The
/// overload without an axis returns the position in the flattened Tensor, the other one the position along the axis. Accepts int64.
/// @throws std::invalid_argument if there are no elements.
/// @{
Tensor argmax(const TensorArg& x);
Tensor argmax(const TensorArg& x, int axis, bool keepdim = false);
/// @}
/// Returns the position of the smallest element as int64. If several are equal, it is the first of them; NaN counts as the smallest. The
/// overload without an axis returns the position in the flattened Tensor, the other one the position along the axis. Accepts int64.
/// @throws std::invalid_argument if there are no elements.
/// @{
Tensor argmin(const TensorArg& x);
Tensor argmin(const TensorArg& x, int axis, bool keepdim = false);
/// @}

}  // namespace chainrule
#pragma GCC visibility pop
