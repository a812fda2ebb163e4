// Losses as one op each: in small networks an op costs more than its sums. nn/losses/losses.h has every loss, with options.
#pragma once

#include "autograd/graph/tensor.h"

namespace chainrule {

/// mean((a - b)²), one number, to the bit what the ops give one by one.
/// @throws std::invalid_argument unless both are floating, of one shape and dtype.
Tensor mean_squared_difference(const TensorArg& a, const Tensor& b);

/// -mean over the rows r of log_softmax(logits)[r, labels[r]], one number, to the bit what the ops give one by one.
/// @throws std::invalid_argument unless logits are floating [n, classes], labels int64 [n], and each label lies in [0, classes).
Tensor mean_cross_entropy(const TensorArg& logits, const Tensor& labels);

}  // namespace chainrule
