// Loss functions: mse_loss, cross_entropy, ... (loss.h has the type that fit() and compile() take.)
#pragma once

#include <cstdint>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// How the losses of the elements or examples become the result.
enum class Reduction {
  mean,  ///< their mean, unless the loss function says otherwise
  sum,   ///< their sum
  none,  ///< no reduction: they are returned as they are
};

/// Options of the losses that have no other option than the reduction.
struct LossOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
};

// All loss functions in this file:
// - return a Tensor: a scalar, or for Reduction::none one number for each element or example;
// - do not broadcast prediction against target: they throw std::invalid_argument if shapes or dtypes do not agree, and the message names
//   both;
// - use the formula and the derivatives at kinks of the PyTorch function of the same name, if there is one;
// - have an overload without options, so that they can be passed as functions.

// Regression: prediction and target have the same shape. The mean is over all elements unless stated otherwise.

/// Mean squared error: (prediction - target)². The mean is over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree.
/// @{
Tensor mse_loss(const TensorArg& prediction, const Tensor& target);
Tensor mse_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);
/// @}

/// Mean absolute error: |prediction - target|. The gradient is 0 where they are equal. The mean is over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree.
/// @{
Tensor l1_loss(const TensorArg& prediction, const Tensor& target);
Tensor l1_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);
/// @}

/// Squared error of each example: the sum of (prediction - target)² over all axes but the first, which gives one number for each of the n
/// examples. The mean is over the n examples.
/// @throws std::invalid_argument unless shapes and dtypes agree and the rank is at least 1.
/// @{
Tensor squared_error_loss(const TensorArg& prediction, const Tensor& target);
Tensor squared_error_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);
/// @}

/// Options of huber_loss().
struct HuberOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// The absolute error at which the loss changes from quadratic to linear; above 0.
  double delta = 1;
};

/// Huber loss: with d = prediction - target, d²/2 for |d| <= delta, otherwise delta · (|d| - delta/2). The mean is over all
/// elements.
/// @throws std::invalid_argument unless shapes and dtypes agree and delta > 0.
/// @{
Tensor huber_loss(const TensorArg& prediction, const Tensor& target);
Tensor huber_loss(const TensorArg& prediction, const Tensor& target, const HuberOptions& options);
/// @}

/// Options of smooth_l1_loss().
struct SmoothL1Options {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// The absolute error at which the loss changes from quadratic to linear; 0 or more. With 0, the loss is l1_loss().
  double beta = 1;
};

/// Smooth L1 loss, that is huber_loss / beta: with d = prediction - target, d²/(2·beta) for |d| <= beta, otherwise |d| - beta/2. The
/// mean is over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree and beta >= 0.
/// @{
Tensor smooth_l1_loss(const TensorArg& prediction, const Tensor& target);
Tensor smooth_l1_loss(const TensorArg& prediction, const Tensor& target, const SmoothL1Options& options);
/// @}

/// Log-cosh loss: log(cosh(d)) with d = prediction - target, computed without overflow. It is close to d²/2 for small |d| and to
/// |d| - log 2 for large |d|. The mean is over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree.
/// @{
Tensor log_cosh_loss(const TensorArg& prediction, const Tensor& target);
Tensor log_cosh_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options);
/// @}

/// Options of poisson_nll_loss().
struct PoissonNllOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// True: the prediction is the logarithm of the expected count. False: it is the expected count.
  bool log_input = true;
  /// True: for targets above 1, adds Stirling's approximation of log(target!), which does not depend on the prediction.
  bool full = false;
  /// If `log_input` is false, added to the prediction before its logarithm is taken.
  double epsilon = 1e-8;
};

/// Negative log-likelihood of a Poisson distribution: exp(prediction) - target · prediction; or, if `log_input` is false,
/// prediction - target · log(prediction + epsilon). The mean is over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree.
/// @{
Tensor poisson_nll_loss(const TensorArg& prediction, const Tensor& target);
Tensor poisson_nll_loss(const TensorArg& prediction, const Tensor& target, const PoissonNllOptions& options);
/// @}

// Classification: scores are [n, classes], labels are int64 [n]. The mean is over the n examples unless stated otherwise.

/// Options of cross_entropy().
struct CrossEntropyOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// A factor for each class, [classes], of the dtype of the logits; undefined: 1 for all classes. For labels, the mean divides by the sum
  /// of the factors of the labels; for probabilities, it divides by n.
  Tensor weight = {};
  /// Examples with this label are ignored: their loss is 0, and the mean does not count them. It has no effect on probabilities.
  std::int64_t ignore_index = -100;
  /// From 0 to 1. The target becomes (1 - label_smoothing) · target + label_smoothing / classes.
  double label_smoothing = 0;
};

/// Cross entropy between the softmax of logits [n, classes] and a target. For int64 labels [n], -log softmax(logits) at the labels. For
/// probabilities p [n, classes] of the dtype of the logits, -Σ p · log softmax(logits) over the classes.
///
/// The mean is over the n examples; it is NaN if all are ignored. Pass the output of the last Dense directly, without a softmax.
/// @throws std::invalid_argument if a label is neither in 0 to classes - 1 nor ignore_index, if label_smoothing is not in [0, 1], or if
/// shapes or dtypes do not fit.
/// @{
Tensor cross_entropy(const TensorArg& logits, const Tensor& target);
Tensor cross_entropy(const TensorArg& logits, const Tensor& target, const CrossEntropyOptions& options);
/// @}

/// Options of nll_loss().
struct NllOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// A factor for each class, as in CrossEntropyOptions.
  Tensor weight = {};
  /// Examples with this label are ignored, as in CrossEntropyOptions.
  std::int64_t ignore_index = -100;
};

/// Negative log-likelihood: -log_probabilities [n, classes] at the labels, int64 [n]. nll_loss after a LogSoftmax equals cross_entropy.
/// @throws std::invalid_argument if a label is neither in 0 to classes - 1 nor ignore_index, or if shapes or dtypes do not fit.
/// @{
Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels);
Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels, const NllOptions& options);
/// @}

/// Options of binary_cross_entropy().
struct BinaryCrossEntropyOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// A factor for each element, of a shape that broadcasts to that of the prediction; undefined: 1. The mean divides by the number of
  /// elements, not by the sum of the factors.
  Tensor weight = {};
};

/// Binary cross entropy: -y · log p - (1 - y) · log(1 - p) for probabilities p and targets y, both in [0, 1]. The mean is over all
/// elements.
///
/// Logarithms are limited to -100 from below. Where the limit applies, the gradient is 0 (PyTorch: ∓10^12). Prefer
/// binary_cross_entropy_with_logits, which is more accurate.
/// @throws std::invalid_argument unless shapes and dtypes agree and all probabilities are in [0, 1].
/// @{
Tensor binary_cross_entropy(const TensorArg& probabilities, const Tensor& target);
Tensor binary_cross_entropy(const TensorArg& probabilities, const Tensor& target, const BinaryCrossEntropyOptions& options);
/// @}

/// Options of binary_cross_entropy_with_logits().
struct BinaryCrossEntropyWithLogitsOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// A factor for each element, as in BinaryCrossEntropyOptions.
  Tensor weight = {};
  /// A factor for the term of y = 1, such as [d] for logits [n, d]; it broadcasts as `weight` does. Undefined: 1.
  Tensor pos_weight = {};
};

/// Binary cross entropy of logits: -pos_weight · y · log σ(x) - (1 - y) · log(1 - σ(x)) for logits x and targets y in [0, 1], where σ is
/// the sigmoid. It is computed with log_sigmoid, so it does not overflow and small losses keep their precision. The mean is over all
/// elements.
/// @throws std::invalid_argument unless shapes and dtypes agree.
/// @{
Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target);
Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target, const BinaryCrossEntropyWithLogitsOptions& options);
/// @}

/// Options of kl_div().
struct KlDivOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// True: the target holds log-probabilities. False: it holds probabilities.
  bool log_target = false;
};

/// Kullback-Leibler divergence: target · (log target - log_probabilities) for each element; 0 where the target is 0. As in PyTorch, the
/// mean is over all elements. To get the mean divergence of n distributions, use the sum and divide it by n.
/// @throws std::invalid_argument unless shapes and dtypes agree.
/// @{
Tensor kl_div(const TensorArg& log_probabilities, const Tensor& target);
Tensor kl_div(const TensorArg& log_probabilities, const Tensor& target, const KlDivOptions& options);
/// @}

/// Options of hinge_loss().
struct HingeOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// The loss is 0 if target · prediction is at least the margin.
  double margin = 1;
};

/// Hinge loss: max(0, margin - target · prediction) for targets -1 and 1; the gradient at the kink is 0. The mean is over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree and each target is -1 or 1.
/// @{
Tensor hinge_loss(const TensorArg& prediction, const Tensor& target);
Tensor hinge_loss(const TensorArg& prediction, const Tensor& target, const HingeOptions& options);
/// @}

/// Options of multi_margin_loss().
struct MultiMarginOptions {
  Reduction reduction = Reduction::mean;  ///< the reduction of the losses
  /// The exponent; 1 or 2.
  int p = 1;
  /// The margin in the formula of multi_margin_loss().
  double margin = 1;
  /// A factor for each label, [classes], of the dtype of the scores; undefined: 1. The mean divides by n, not by the sum of the factors.
  Tensor weight = {};
};

/// Multi-class hinge loss: Σ max(0, margin - (score of the label) + (score of the other class))^p / classes, where the sum is over the
/// other classes. The gradient at the kink is 0. The mean is over the n examples.
/// @throws std::invalid_argument if a label is outside 0 to classes - 1, if p is neither 1 nor 2, or if shapes or dtypes do not fit.
/// @{
Tensor multi_margin_loss(const TensorArg& scores, const Tensor& labels);
Tensor multi_margin_loss(const TensorArg& scores, const Tensor& labels, const MultiMarginOptions& options);
/// @}

/// Squared error of probabilities: mse_loss(softmax(logits, -1), target) for targets that are probabilities, such as the result of one_hot.
/// The mean is over all elements.
/// @throws std::invalid_argument unless shapes and dtypes agree and the rank is at least 1.
/// @{
Tensor softmax_mse_loss(const TensorArg& logits, const Tensor& target);
Tensor softmax_mse_loss(const TensorArg& logits, const Tensor& target, const LossOptions& options);
/// @}

}  // namespace chainrule::nn
#pragma GCC visibility pop
