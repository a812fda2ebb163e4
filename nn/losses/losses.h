// Losses: how far a prediction is from its target, as one number to minimise.
#pragma once

#include <cstdint>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// What becomes of the losses of the single elements or examples.
enum class Reduction {
  mean,  ///< over all, or as the loss says
  sum,
  none,  ///< they are returned as they are
};

/// The options of losses that have no others.
struct LossOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
};

/// No loss broadcasts its prediction against its target: shapes that differ are an error that names both. Each without options is an
/// overload of its own, so that it can be passed as a function. Formulas and the derivatives at kinks are PyTorch's where it has the loss.
/// All @throw std::invalid_argument unless shapes and dtypes agree.

// Regression: prediction and target of one shape; mean over all elements unless said otherwise.

/// (prediction - target)².
Tensor mse_loss(const TensorArg& prediction, const Tensor& target);
Tensor mse_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);

/// |prediction - target|: the mean absolute error. Gradient 0 where they are equal.
Tensor l1_loss(const TensorArg& prediction, const Tensor& target);
Tensor l1_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);

/// The sum of (prediction - target)² over all axes but the first: one number for each of the n examples. Mean over the n.
/// @throws std::invalid_argument also for rank 0.
Tensor squared_error_loss(const TensorArg& prediction, const Tensor& target);
Tensor squared_error_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);

/// The options of huber_loss().
struct HuberOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// Where the square ends and the line begins; above 0.
  double delta = 1;
};

/// d²/2 for d = prediction - target within ±delta, delta · (|d| - delta/2) beyond.
/// @throws std::invalid_argument also unless delta > 0.
Tensor huber_loss(const TensorArg& prediction, const Tensor& target);
Tensor huber_loss(const TensorArg& prediction, const Tensor& target, const HuberOptions& options);

/// The options of smooth_l1_loss().
struct SmoothL1Options {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// Where the square ends and the line begins; with 0 it is l1_loss.
  double beta = 1;
};

/// huber_loss / beta: d²/(2·beta) within ±beta, |d| - beta/2 beyond.
/// @throws std::invalid_argument also unless beta >= 0.
Tensor smooth_l1_loss(const TensorArg& prediction, const Tensor& target);
Tensor smooth_l1_loss(const TensorArg& prediction, const Tensor& target, const SmoothL1Options& options);

/// log(cosh(prediction - target)), without overflow: close to d²/2 near 0 and to |d| - log 2 far away.
Tensor log_cosh_loss(const TensorArg& prediction, const Tensor& target);
Tensor log_cosh_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);

/// The options of poisson_nll_loss().
struct PoissonNllOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// Whether the prediction is the logarithm of the expected count.
  bool log_input = true;
  /// Adds Stirling's approximation of log(target!), which no prediction changes, for targets above 1.
  bool full = false;
  /// Added to a prediction before its logarithm is taken, without log_input.
  double epsilon = 1e-8;
};

/// exp(prediction) - target · prediction; prediction - target · log(prediction + epsilon) without log_input.
Tensor poisson_nll_loss(const TensorArg& prediction, const Tensor& target);
Tensor poisson_nll_loss(const TensorArg& prediction, const Tensor& target, const PoissonNllOptions& options);

// Classification: labels are int64 [n], scores [n, classes]; mean over the n examples unless said otherwise.

/// The options of cross_entropy().
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// A factor for each class, [classes] of the logits' dtype; undefined for 1. The mean over labels divides by the sum of their factors,
  /// the one over probabilities by n.
  Tensor weight = {};
  /// Examples with this label count nowhere. Unused for probabilities.
  std::int64_t ignore_index = -100;
  /// Target (1 - label_smoothing) · target + label_smoothing / classes; from 0 to 1.
  double label_smoothing = 0;
};

/// -log of the softmax of logits [n, classes] at the labels, int64 [n]; or -Σ p·log softmax for targets that are probabilities
/// [n, classes] of the logits' dtype. Mean over the n examples, NaN where all are ignored. Logits are what the last Dense gives: no softmax
/// before.
/// @throws std::invalid_argument for a label outside 0 to classes - 1 that is not ignore_index, or other shapes or dtypes.
Tensor cross_entropy(const TensorArg& logits, const Tensor& target);
Tensor cross_entropy(const TensorArg& logits, const Tensor& target, const CrossEntropyOptions& options);

/// The options of nll_loss().
struct NllOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// As in CrossEntropyOptions.
  Tensor weight = {};
  std::int64_t ignore_index = -100;
};

/// -log_probabilities [n, classes] at the labels, int64 [n]: cross_entropy after a LogSoftmax.
/// @throws std::invalid_argument as cross_entropy.
Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels);
Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels, const NllOptions& options);

/// The options of binary_cross_entropy().
struct BinaryCrossEntropyOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// A factor for each element: its shape is the prediction's or broadcasts to it; undefined for 1. The mean divides by the number of
  /// elements all the same.
  Tensor weight = {};
};

/// -y·log p - (1 - y)·log(1 - p) for probabilities p and targets y in [0, 1]. A logarithm is not below -100, and where it would be gives no
/// gradient (PyTorch's is ∓10^12 there). binary_cross_entropy_with_logits is more exact. Mean over all elements.
/// @throws std::invalid_argument also for a probability that is not in [0, 1].
Tensor binary_cross_entropy(const TensorArg& probabilities, const Tensor& target);
Tensor binary_cross_entropy(const TensorArg& probabilities, const Tensor& target, const BinaryCrossEntropyOptions& options);

/// The options of binary_cross_entropy_with_logits().
struct BinaryCrossEntropyWithLogitsOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// As in BinaryCrossEntropyOptions.
  Tensor weight = {};
  /// A factor for what y = 1 costs, such as [d] for logits [n, d]; broadcasts as weight does.
  Tensor pos_weight = {};
};

/// -y·log σ(x) - (1 - y)·log(1 - σ(x)) for logits x and targets y in [0, 1], by log_sigmoid: neither overflows nor loses small losses.
/// Mean over all elements.
Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target);
Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target, const BinaryCrossEntropyWithLogitsOptions& options);

/// The options of kl_div().
struct KlDivOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// Whether the target is log-probabilities too.
  bool log_target = false;
};

/// target · (log target - log_probabilities), 0 where the target is 0. The mean is over all elements, as PyTorch's: the divergence of n
/// distributions on average is the sum divided by n.
Tensor kl_div(const TensorArg& log_probabilities, const Tensor& target);
Tensor kl_div(const TensorArg& log_probabilities, const Tensor& target, const KlDivOptions& options);

/// The options of hinge_loss().
struct HingeOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// Products from here on cost nothing.
  double margin = 1;
};

/// max(0, margin - target · prediction) for targets -1 and 1; gradient 0 at the kink. Mean over all elements.
/// @throws std::invalid_argument also for another target.
Tensor hinge_loss(const TensorArg& prediction, const Tensor& target);
Tensor hinge_loss(const TensorArg& prediction, const Tensor& target, const HingeOptions& options);

/// The options of multi_margin_loss().
struct MultiMarginOptions {
  Reduction reduction = Reduction::mean;  ///< what becomes of the single losses
  /// 1 or 2.
  int p = 1;
  double margin = 1;
  /// A factor for each label, [classes] of the scores' dtype; undefined for 1. The mean divides by n all the same.
  Tensor weight = {};
};

/// Σ max(0, margin - score of the label + other score)^p / classes over the other classes.
/// @throws std::invalid_argument as cross_entropy, and for another p.
Tensor multi_margin_loss(const TensorArg& scores, const Tensor& labels);
Tensor multi_margin_loss(const TensorArg& scores, const Tensor& labels, const MultiMarginOptions& options);

/// mse_loss(softmax(logits, -1), target) for targets that are probabilities, such as one_hot. Mean over all elements.
/// @throws std::invalid_argument also for rank 0.
Tensor softmax_mse_loss(const TensorArg& logits, const Tensor& target);
Tensor softmax_mse_loss(const TensorArg& logits, const Tensor& target, const LossOptions& options);

}  // namespace chainrule::nn
