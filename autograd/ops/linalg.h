// Products of vectors and matrices, diagonals and triangular parts.
#pragma once

/// @file
/// All ops can be differentiated any number of times. Operands are float32 or float64, all of the same dtype, unless a comment says
/// otherwise. The ops throw std::invalid_argument for undefined Tensors, for other dtypes, and for shapes other than those described.

#include <string_view>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns the matrix product a·b, like torch.matmul: shapes [n, k] and [k, m] give [n, m]. Axes before the last two are batch axes and
/// broadcast. If a is a vector, it is treated as a matrix with one row; if b is a vector, as a matrix with one column. The axis of size 1
/// that this adds is removed from the result.
/// @throws std::invalid_argument if an operand has rank 0, or if the inner sizes (k) differ.
Tensor matmul(const TensorArg& a, const Tensor& b);
/// Returns x·weight + bias. x has shape [..., d_in], weight [d_in, d_out] and bias [d_out]; an undefined bias means no bias. The result has
/// shape [..., d_out].
Tensor linear(const TensorArg& x, const Tensor& weight, const Tensor& bias = {});
/// Returns relu(linear(x, weight, bias)), bit for bit. It is faster as a single op: relu is applied to each part of the result while that
/// part is still in the cache.
Tensor linear_relu(const TensorArg& x, const Tensor& weight, const Tensor& bias = {});
/// Returns the dot product of two vectors of shape [n]: the sum of a[i] · b[i], as a Tensor of rank 0.
/// @throws std::invalid_argument unless both operands have rank 1 and the same size.
Tensor dot(const TensorArg& a, const Tensor& b);
/// Returns the outer product of two vectors: y[i][j] = a[i] · b[j]. Shapes [n] and [m] give [n, m].
Tensor outer(const TensorArg& a, const Tensor& b);
/// Returns the sum of the main diagonal of a matrix, as a Tensor of rank 0. Accepts every dtype.
Tensor trace(const TensorArg& x);
/// For a vector, returns the square matrix with x on its k-th diagonal and 0 elsewhere. For a matrix, returns its k-th diagonal, which may
/// be empty. Diagonal 0 is the main diagonal; diagonals with k > 0 are above it and those with k < 0 below. Accepts every dtype.
Tensor diag(const TensorArg& x, std::int64_t k = 0);
/// Returns the lower triangular part of x: 0 above the k-th diagonal of the last two axes, and x elsewhere. Accepts every dtype.
Tensor tril(const TensorArg& x, std::int64_t k = 0);
/// Returns the upper triangular part of x: 0 below the k-th diagonal of the last two axes, and x elsewhere. Accepts every dtype.
Tensor triu(const TensorArg& x, std::int64_t k = 0);
/// Returns the sum of products of the operands that the equation describes (Einstein notation), like torch.einsum. For example, a batched
/// matrix product is:
///
///     einsum("bij,bjk->bik", {a, b})
///
/// Before "->" the equation has a term for each operand, with a letter for each axis. "..." stands for the remaining axes, which broadcast.
/// Axes of different operands with the same letter must have the same size, or size 1, which broadcasts; within one term their sizes must
/// be equal. A letter that occurs twice in a term selects a diagonal. After "->" the equation names the axes of the result; all other axes
/// are summed over. Without "->" the result has the axes of the ellipsis, followed by the letters that occur once, in ASCII order. Operands
/// are multiplied from left to right, as matrix products where possible.
/// @throws std::invalid_argument if the equation is malformed or does not fit the operands, or if a product of operands has more than
/// Shape::kMaxRank axes.
Tensor einsum(std::string_view equation, const TensorList& operands);

}  // namespace chainrule
#pragma GCC visibility pop
