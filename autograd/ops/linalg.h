// Products of vectors and matrices, diagonals and triangles.
#pragma once

#include <string_view>

#include "autograd/graph/tensor.h"

namespace chainrule {

/// a·b as PyTorch's: [n, k]·[k, m] gives [n, m]; further axes in front are batches and broadcast; a vector on the left counts as a
/// row, on the right as a column, and its axis goes from the result.
/// @throws std::invalid_argument for rank 0 or where the inner sizes differ.
Tensor matmul(const TensorArg& a, const Tensor& b);
/// x·weight + bias: x [..., d_in], weight [d_in, d_out], bias [d_out] or undefined for none; gives [..., d_out].
Tensor linear(const TensorArg& x, const Tensor& weight, const Tensor& bias = {});
/// relu(linear(x, weight, bias)), to the same bits, in one op, which takes relu of each part of the result while the cache holds it.
Tensor linear_relu(const TensorArg& x, const Tensor& weight, const Tensor& bias = {});
/// The sum of products of two vectors [n].
/// @throws std::invalid_argument unless both have one axis of one size.
Tensor dot(const TensorArg& a, const Tensor& b);
/// a[i] · b[j]: vectors [n] and [m] give [n, m].
Tensor outer(const TensorArg& a, const Tensor& b);
/// The sum of a matrix's diagonal.
Tensor trace(const TensorArg& x);
/// Of a vector: the matrix with it on the k-th diagonal (above the main one for k > 0, below for k < 0). Of a matrix: its k-th diagonal,
/// without elements where it has none. On every dtype, as the two below.
Tensor diag(const TensorArg& x, std::int64_t k = 0);
/// x with 0 above the k-th diagonal of its last two axes.
Tensor tril(const TensorArg& x, std::int64_t k = 0);
/// x with 0 below the k-th diagonal of its last two axes.
Tensor triu(const TensorArg& x, std::int64_t k = 0);
/// Products summed over the axes whose labels are not in the result: einsum("bij,bjk->bik", {a, b}). A letter names an axis, '...' the
/// rest, broadcasting from the last; a letter twice in one term is a diagonal; axes of size 1 broadcast. Without "->" the result has the
/// ellipsis and then the letters that occur once, in ASCII order; with it, what is not named there is summed. Operands are joined from left
/// to right, by matmul where labels are summed.
/// @throws std::invalid_argument where the equation does not parse, or does not fit the operands.
Tensor einsum(std::string_view equation, const TensorList& operands);

}  // namespace chainrule
