// Losses: how far a prediction is from its target, as one number to minimise.
#pragma once

#include "autograd/tensor.h"

namespace chainrule::nn {

/// What becomes of the losses of the single elements or examples.
enum class Reduction {
  mean,
  sum,
  none,  ///< they are returned as they are
};

struct LossOptions {
  Reduction reduction = Reduction::mean;
};

/// No loss broadcasts its prediction against its target: shapes that differ are an error that names both. Each without options is an
/// overload of its own, so that it can be passed as a function.

/// (prediction - target)²; mean over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree.
Tensor mse_loss(const TensorArg& prediction, const Tensor& target);
Tensor mse_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);

/// -log of the softmax of logits [n, classes] at the labels, int64 [n]; or -Σ p·log softmax for targets that are probabilities
/// [n, classes] of the logits' dtype. Mean over the n examples. Logits are what the last Dense gives: no softmax before.
/// @throws std::invalid_argument for a label outside 0 to classes - 1, or other shapes or dtypes.
Tensor cross_entropy(const TensorArg& logits, const Tensor& target);
Tensor cross_entropy(const TensorArg& logits, const Tensor& target, const LossOptions& options);

/// -log_probabilities [n, classes] at the labels, int64 [n]: cross_entropy after a LogSoftmax.
/// @throws std::invalid_argument as cross_entropy.
Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels);
Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels, const LossOptions& options);

/// -y·log σ(x) - (1 - y)·log(1 - σ(x)) for logits x and targets y in [0, 1], by log_sigmoid: neither overflows nor loses small losses.
/// Mean over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree.
Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target);
Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target, const LossOptions& options);

}  // namespace chainrule::nn
