// Ops that move elements without changing them. reshape, flatten, squeeze, unsqueeze and slices of axis 0 share storage; most others copy.
// All work on every dtype.
#pragma once

#include <string_view>
#include <vector>

#include "autograd/graph/tensor.h"

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
/// x laid side by side, repeats[i] times along axis i; further repeats in front make new axes.
/// @throws std::invalid_argument for fewer repeats than axes, or one below 0.
Tensor repeat(const TensorArg& x, const Shape& repeats);
/// Elements start to stop (without stop) of an axis; negative ones count from the end, both are limited to the axis.
Tensor slice(const TensorArg& x, int axis, std::int64_t start, std::int64_t stop);
/// An axis cut into pieces of `size`, the last one shorter if need be; an empty axis gives one empty piece.
/// @throws std::invalid_argument for a size below 1.
std::vector<Tensor> split(const TensorArg& x, std::int64_t size, int axis = 0);
/// An axis cut into pieces of the sizes given.
/// @throws std::invalid_argument unless they add up to the axis.
std::vector<Tensor> split(const TensorArg& x, const std::vector<std::int64_t>& sizes, int axis = 0);
/// An axis cut into pieces of ceil(size / chunks): `chunks` pieces or fewer, the last one shorter if need be.
/// @throws std::invalid_argument for chunks below 1.
std::vector<Tensor> chunk(const TensorArg& x, std::int64_t chunks, int axis = 0);
/// The order of elements along the axes turned round; all axes by default.
Tensor flip(const TensorArg& x, const Axes& axes = {});
/// x with `value` added around it: two margins (before the first element, after the last) for each axis, the last axis first; axes not
/// reached stay. A negative margin takes elements away.
/// @throws std::invalid_argument for an odd number of margins, more than two an axis, or where more is taken away than is there.
Tensor pad(const TensorArg& x, const std::vector<std::int64_t>& margins, double value = 0);
/// The Tensors one after another along an axis; shapes agree elsewhere.
Tensor concat(const TensorList& tensors, int axis = 0);
/// Same as concat(tensors, axis).
inline Tensor cat(const TensorList& tensors, int axis = 0) { return concat(tensors, axis); }
/// The Tensors, all of one shape, along a new axis.
Tensor stack(const TensorList& tensors, int axis = 0);
/// The coordinates of a grid: for Tensors of sizes n, m, ... (rank 1, or rank 0 as one element), one result for each of them, all of shape
/// [n, m, ...] and result k having Tensor k along axis k. With indexing "xy" the first two axes change places: [m, n, ...].
/// @throws std::invalid_argument for none, other ranks, dtypes that differ, or another indexing.
std::vector<Tensor> meshgrid(const TensorList& tensors, std::string_view indexing = "ij");

}  // namespace chainrule
