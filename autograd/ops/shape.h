// Ops that reshape, reorder, repeat, split and join Tensors.
#pragma once

/// @file
/// The ops accept every dtype and can be differentiated any number of times. The results of reshape(), flatten(), squeeze() and
/// unsqueeze(), and of slice(), split() and chunk() along axis 0, share the elements of x; all other results are copies. Negative axes
/// count from the end. All ops throw std::invalid_argument for undefined Tensors, for an axis that does not exist, and for a result of more
/// than Shape::kMaxRank axes.

#include <string_view>
#include <vector>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns a Tensor with the elements of x and the given shape. One size may be -1; it is computed from the others.
/// @throws std::invalid_argument if the number of elements differs, or if a size is negative (except for a single -1).
Tensor reshape(const TensorArg& x, const Shape& shape);
/// Returns x with the axes from `first` to `last`, both included, merged into one. A Tensor of rank 0 gets the shape [1].
/// @throws std::invalid_argument if `first` is after `last`.
Tensor flatten(const TensorArg& x, int first = 0, int last = -1);
/// Returns x without its axes of size 1, or without those of them that are listed. As in PyTorch, a listed axis whose size is not 1 is
/// kept.
Tensor squeeze(const TensorArg& x, const Axes& axes = {});
/// Returns x with an additional axis of size 1, which is axis `axis` of the result. A negative axis counts from the end of the result's
/// axes.
Tensor unsqueeze(const TensorArg& x, int axis);
/// Returns x with two axes exchanged, by default the last two.
Tensor transpose(const TensorArg& x, int axis0 = -2, int axis1 = -1);
/// Returns x with its axes in the given order: axis i of the result is axis order[i] of x. Each axis must be listed once.
/// @throws std::invalid_argument if an axis is missing or listed twice.
Tensor permute(const TensorArg& x, const Axes& order);
/// Returns x repeated along axes of size 1, and along new axes in front, so that the result has the given shape; like torch.broadcast_to.
/// @throws std::invalid_argument if a size of x is neither 1 nor the size in `shape`, or if `shape` has fewer axes than x.
Tensor broadcast_to(const TensorArg& x, const Shape& shape);
/// Returns copies of x one after another, repeats[i] of them along axis i. If there are more repeats than axes, axes of size 1 are added in
/// front.
/// @throws std::invalid_argument if there are fewer repeats than axes, or if one is negative.
Tensor repeat(const TensorArg& x, const Shape& repeats);
/// Returns the elements from start to stop - 1 along an axis, like x[start:stop] in Python: negative positions count from the end,
/// positions beyond the axis are moved to its ends, and the result is empty if stop <= start.
Tensor slice(const TensorArg& x, int axis, std::int64_t start, std::int64_t stop);
/// Splits x along an axis into pieces of `size`; the last piece may be smaller. An axis of size 0 gives one empty piece.
/// @throws std::invalid_argument if size < 1, or for more than 2^24 pieces.
std::vector<Tensor> split(const TensorArg& x, std::int64_t size, int axis = 0);
/// Splits x along an axis into pieces of the given sizes.
/// @throws std::invalid_argument if the sizes do not add up to the size of the axis, or if one is negative.
std::vector<Tensor> split(const TensorArg& x, const std::vector<std::int64_t>& sizes, int axis = 0);
/// Splits x along an axis into at most `chunks` pieces of size ceil(x.size(axis) / chunks); the last piece may be smaller. An axis of size
/// 0 gives `chunks` empty pieces.
/// @throws std::invalid_argument if chunks < 1.
std::vector<Tensor> chunk(const TensorArg& x, std::int64_t chunks, int axis = 0);
/// Returns x with the order of its elements reversed along the axes listed, by default along all.
/// @throws std::invalid_argument if an axis is listed twice.
Tensor flip(const TensorArg& x, const Axes& axes = {});
/// Returns x with elements of the given value added around it, like torch.nn.functional.pad. `margins` lists two numbers for each axis,
/// starting with the last axis: how many elements are added before the first and after the last element of the axis. Axes without margins
/// do not change. A negative margin removes elements.
/// @throws std::invalid_argument for an odd number of margins, for more than two numbers per axis, if more elements are removed than there
/// are, or if x is int64 and the value is not an integer, or was given as a floating number beyond ±2^53.
Tensor pad(const TensorArg& x, const std::vector<std::int64_t>& margins, NumberArg value = 0);
/// Joins the Tensors along an axis. Their dtypes, and their shapes except for the size of that axis, must be the same.
/// @throws std::invalid_argument for an empty list, or if dtypes or shapes differ.
Tensor concat(const TensorList& tensors, int axis = 0);
/// Same as concat(tensors, axis).
inline Tensor cat(const TensorList& tensors, int axis = 0) { return concat(tensors, axis); }
/// Joins the Tensors along a new axis, which becomes axis `axis` of the result. Their dtypes and shapes must be the same.
/// @throws std::invalid_argument for an empty list, or if dtypes or shapes differ.
Tensor stack(const TensorList& tensors, int axis = 0);
/// Returns the coordinates of a grid, like torch.meshgrid. For Tensors of shapes [n], [m], ... it returns as many Tensors of shape
/// [n, m, ...]; result k repeats Tensor k, which lies along axis k. A Tensor of rank 0 counts as one of shape [1]. With indexing "xy" the
/// first two axes are exchanged: the shape is [m, n, ...].
/// @throws std::invalid_argument for an empty list, for more than Shape::kMaxRank Tensors, for Tensors of higher rank, if dtypes differ, or
/// for an indexing other than "ij" and "xy".
std::vector<Tensor> meshgrid(const TensorList& tensors, std::string_view indexing = "ij");

}  // namespace chainrule
#pragma GCC visibility pop
