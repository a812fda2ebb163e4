// Ops that pick, place and order elements. Indices are int64, checked before anything is read; their own gradient is not defined.
#pragma once

#include "autograd/base/default_dtype.h"
#include "autograd/graph/tensor.h"

namespace chainrule {

/// The rows `index` (int64 [k]) of an axis, repeats allowed; their gradients add up.
/// @throws std::invalid_argument for an index outside [0, size) or of another rank or dtype.
Tensor index_select(const TensorArg& x, int axis, const Tensor& index);
/// y[i][j] = x[index[i][j]][j] for axis 0, and so on for others: the index has x's rank and no axis but `axis` may be longer than x's.
/// @throws std::invalid_argument for an index outside [0, size).
Tensor gather(const TensorArg& x, int axis, const Tensor& index);
/// x with source[i][j] added at [index[i][j]][j] for axis 0, and so on: the opposite of gather. Repeats add up.
Tensor scatter_add(const TensorArg& x, int axis, const Tensor& index, const Tensor& source);
/// 1 at the place each label names, else 0: int64 labels [...] give [..., classes].
/// @throws std::invalid_argument for a label outside [0, classes).
Tensor one_hot(const TensorArg& labels, std::int64_t classes, DType dtype = default_dtype());
/// x with `value` where the mask is not 0; the two broadcast, the mask may have any dtype.
/// @throws std::invalid_argument for a fraction in an int64 x.
Tensor masked_fill(const TensorArg& x, const Tensor& mask, double value);

/// What sort and topk return.
struct Ordered {
  Tensor values;
  Tensor indices;  ///< int64: where along the axis each value stood
};

/// The elements along an axis in ascending (or descending) order, equal ones in the order they have. NaN counts as the largest.
Ordered sort(const TensorArg& x, int axis = -1, bool descending = false);
/// The k largest (or smallest) elements along an axis, the most extreme first, equal ones in the order they have. NaN counts as the
/// largest.
/// @throws std::invalid_argument unless 0 <= k <= size of the axis.
Ordered topk(const TensorArg& x, std::int64_t k, int axis = -1, bool largest = true);

}  // namespace chainrule
