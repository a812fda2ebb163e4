// Ops that losses are made of. All losses, with options, are in nn/losses/losses.h.
#pragma once

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns weight · x, and 0 where the weight is 0, even if x is infinite or NaN there: a term of an expectation, such as p · log p. The
/// gradients follow the same rule: a gradient that arrives as 0 stays 0. The shapes broadcast. Differentiable any number of times.
/// @throws std::invalid_argument unless both are floating point of the same dtype and broadcast together.
Tensor weigh(const TensorArg& weight, const Tensor& x);

/// Returns mean(square(a - b)) with the same bits; rank 0. Differentiable any number of times.
/// @throws std::invalid_argument unless a and b are floating point and have the same shape and dtype.
Tensor mean_squared_difference(const TensorArg& a, const Tensor& b);

/// Returns the mean cross-entropy of logits [n, classes] and int64 labels [n], which is -mean over r of log_softmax(logits, 1)[r,
/// labels[r]], with the same bits; rank 0. Differentiable any number of times with respect to the logits.
/// @throws std::invalid_argument unless the logits are floating point of shape [n, classes], the labels are int64 of shape [n], and each
/// label is in [0, classes).
Tensor mean_cross_entropy(const TensorArg& logits, const Tensor& labels);

}  // namespace chainrule
#pragma GCC visibility pop
