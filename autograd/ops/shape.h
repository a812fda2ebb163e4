// Ops that move elements without changing them. reshape, flatten, squeeze, unsqueeze and slices of axis 0 share storage; the rest copy.
// All work on every dtype.
#pragma once

#include "autograd/tensor.h"

namespace chainrule {

/// The same elements in another shape; one size may be -1 and is computed.
/// @throws std::invalid_argument unless the numbers of elements agree.
Tensor reshape(const TensorArg& x, const Shape& shape);
/// Axes first to last (both included) made one; rank 0 becomes [1].
Tensor flatten(const TensorArg& x, int first = 0, int last = -1);
/// Without the axes of size 1: all of them, or those named (which stay if their size is not 1, as PyTorch).
Tensor squeeze(const TensorArg& x, const Axes& axes = {});
/// With a new axis of size 1 before `axis` (negative: counted in the result).
Tensor unsqueeze(const TensorArg& x, int axis);
/// Two axes exchanged; by default the last two.
/// @throws std::invalid_argument where there is no such axis.
Tensor transpose(const TensorArg& x, int axis0 = -2, int axis1 = -1);
/// The axes in another order, each named once.
Tensor permute(const TensorArg& x, const Axes& order);
/// x repeated along new axes and along those of size 1.
/// @throws std::invalid_argument where a size is neither 1 nor that of the result.
Tensor broadcast_to(const TensorArg& x, const Shape& shape);
/// Elements start to stop (without stop) of an axis; negative ones count from the end, both are limited to the axis.
Tensor slice(const TensorArg& x, int axis, std::int64_t start, std::int64_t stop);
/// The Tensors one after another along an axis; shapes agree elsewhere.
Tensor concat(const TensorList& tensors, int axis = 0);
/// The Tensors, all of one shape, along a new axis.
Tensor stack(const TensorList& tensors, int axis = 0);

}  // namespace chainrule
