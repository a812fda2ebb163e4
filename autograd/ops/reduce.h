// Reductions: several elements become one. Axes may be negative; none named means all; the reduced axes go, or stay with size 1 under
// keepdim.
#pragma once

#include "autograd/tensor.h"

namespace chainrule {

/// The sum; 0 over no elements. Also for int64.
Tensor sum(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// sum / count; NaN over no elements.
Tensor mean(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// The largest; NaN if any is. Equal ones share the gradient (PyTorch's amax).
/// @throws std::invalid_argument over no elements.
Tensor max(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// The smallest; NaN if any is. Equal ones share the gradient (PyTorch's amin).
/// @throws std::invalid_argument over no elements.
Tensor min(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);
/// log(sum(exp(x))), stable; -inf over no elements.
Tensor logsumexp(const TensorArg& x, const Axes& axes = {}, bool keepdim = false);

/// Where the largest (or smallest) element lies, the first of equal ones, int64: in the flattened Tensor, or along an axis.
/// @throws std::invalid_argument over no elements.
Tensor argmax(const TensorArg& x);
Tensor argmax(const TensorArg& x, int axis, bool keepdim = false);
Tensor argmin(const TensorArg& x);
Tensor argmin(const TensorArg& x, int axis, bool keepdim = false);

}  // namespace chainrule
