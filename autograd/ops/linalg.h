// Products of matrices.
#pragma once

#include "autograd/tensor.h"

namespace chainrule {

/// a·b as PyTorch's: [n, k]·[k, m] gives [n, m]; further axes in front are batches and broadcast; a vector on the left counts as a
/// row, on the right as a column, and its axis goes from the result.
/// @throws std::invalid_argument for rank 0 or where the inner sizes differ.
Tensor matmul(const TensorArg& a, const Tensor& b);
/// x·weight + bias: x [..., d_in], weight [d_in, d_out], bias [d_out] or undefined for none; gives [..., d_out].
Tensor linear(const TensorArg& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace chainrule
