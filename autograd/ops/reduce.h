// Reductions: several elements become one. Axes may be negative; none named means all; the reduced axes go, or stay with size 1 under
// keepdim.
#pragma once

#include "autograd/graph/tensor.h"

namespace chainrule {

/// The sum; 0 over no elements. Also for int64.
Tensor sum(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// sum / count; NaN over no elements.
Tensor mean(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// The sum of squared distances from the mean, divided by count - correction (by 0 if that is negative): the unbiased estimate by
/// default, that of the elements themselves with correction 0.
Tensor var(const TensorArg& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// sqrt(var); gradient 0 where it is 0.
Tensor std(const TensorArg& x, const Axes& axes = {}, bool keepdim = false, double correction = 1);
/// The largest; NaN if any is. Equal ones share the gradient (PyTorch's amax).
/// @throws std::invalid_argument over no elements.
Tensor max(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// The smallest; NaN if any is. Equal ones share the gradient (PyTorch's amin).
/// @throws std::invalid_argument over no elements.
Tensor min(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// The product; 1 over no elements. The gradient is right where factors are 0.
Tensor prod(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// (sum of |x|^p)^(1/p); the largest |x| for p = inf, the smallest for -inf, the number of elements other than 0 for p = 0. Where the norm
/// or an element is 0 its gradient is 0; for p = ±inf equal elements share it.
/// @throws std::invalid_argument over no elements where p < 0 or p = inf.
Tensor norm(const TensorArg& x, double p = 2, const Axes& axes = {}, bool keepdim = false);
/// 1 where an element is not 0, else 0 (also over no elements), in the dtype of x and without a gradient. NaN is not 0. Also for int64.
Tensor any(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// 1 where no element is 0 (also over no elements), else 0, as any().
Tensor all(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// log(sum(exp(x))), stable; -inf over no elements.
Tensor logsumexp(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);

/// The sums of the elements along an axis up to and with each one. Also for int64.
Tensor cumsum(const TensorArg& x, int axis);

/// Where the largest (or smallest) element lies, the first of equal ones, int64: in the flattened Tensor, or along an axis.
/// @throws std::invalid_argument over no elements.
Tensor argmax(const TensorArg& x);
Tensor argmax(const TensorArg& x, int axis, bool keepdim = false);
Tensor argmin(const TensorArg& x);
Tensor argmin(const TensorArg& x, int axis, bool keepdim = false);

}  // namespace chainrule
