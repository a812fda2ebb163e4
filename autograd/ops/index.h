// Ops that select, scatter and sort elements.
#pragma once

/// @file
/// Indices are int64 and get no gradient. Unless a comment says otherwise, x may have any dtype, and the ops can be differentiated with
/// respect to x any number of times if it is floating point. They throw std::invalid_argument for undefined Tensors, for an axis that does
/// not exist, and for indices of another dtype or out of range; all indices are checked before any is used.

#include "autograd/base/default_dtype.h"
#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns the slices of x at the positions `index` along an axis. The index has shape [k], so the result has size k along the axis. An
/// index may occur several times; the gradients of its copies are added up.
/// @throws std::invalid_argument for an index of rank other than 1 or outside [0, x.size(axis)).
Tensor index_select(const TensorArg& x, int axis, const Tensor& index);
/// Returns one element of x for each element of the index, like torch.gather:
///
///     y[i][j] = x[index[i][j]][j]  for axis 0
///     y[i][j] = x[i][index[i][j]]  for axis 1
///
/// and so on. The result has the shape of the index. The index has the rank of x, and may be longer than x only along `axis`.
/// @throws std::invalid_argument for an index of another shape or outside [0, x.size(axis)).
Tensor gather(const TensorArg& x, int axis, const Tensor& index);
/// Returns a copy y of x with each element of `source` added at the position from which gather() would read:
///
///     y[index[i][j]][j] += source[i][j]  for axis 0
///     y[i][index[i][j]] += source[i][j]  for axis 1
///
/// and so on. If several elements have the same position, all of them are added. The source has the shape of the index and the dtype of x.
/// The op is differentiable with respect to x and to the source.
/// @throws std::invalid_argument for an index of another shape or outside [0, x.size(axis)), or a source of another shape or dtype.
Tensor scatter_add(const TensorArg& x, int axis, const Tensor& index, const Tensor& source);
/// Returns a vector of length `classes` for each label: 1 at the position of the label and 0 elsewhere. int64 labels of shape [...] give a
/// result of shape [..., classes]. Not differentiable.
/// @throws std::invalid_argument if classes < 1, or for a label outside [0, classes).
Tensor one_hot(const TensorArg& labels, std::int64_t classes, DType dtype = default_dtype());
/// Returns `value` where the mask is not 0, and x elsewhere; x and mask broadcast together. The mask may have any dtype. The gradient is 0
/// where the mask is not 0.
/// @throws std::invalid_argument if the shapes do not broadcast, or if x is int64 and the value is not an integer, or was given as a
/// floating number beyond ±2^53.
Tensor masked_fill(const TensorArg& x, const Tensor& mask, NumberArg value);

/// Result of sort() and topk().
struct Ordered {
  Tensor values;   ///< the sorted elements
  Tensor indices;  ///< int64: the position of each of them along the axis of x
};

/// Returns the elements along an axis in ascending order, or in descending order. Equal elements keep their order. NaN counts as the
/// largest number.
Ordered sort(const TensorArg& x, int axis = -1, bool descending = false);
/// Returns the k largest elements along an axis in descending order, or the k smallest in ascending order. Equal elements keep their order.
/// NaN counts as the largest number.
/// @throws std::invalid_argument unless 0 <= k <= x.size(axis).
Ordered topk(const TensorArg& x, std::int64_t k, int axis = -1, bool largest = true);

}  // namespace chainrule
#pragma GCC visibility pop
