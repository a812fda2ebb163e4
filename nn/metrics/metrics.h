// Metric functions: accuracy, f1_score, r2_score, ... measure one pair of predictions and targets. (metric.h has the metrics of a whole
// pass over batches.)
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

// All metric functions in this file:
// - record nothing for differentiation, and do not broadcast prediction against target;
// - accumulate in double;
// - return NaN if there are no examples (but confusion_matrix() and class_scores() return zeros);
// - throw std::invalid_argument if shapes or dtypes do not agree.

// Classification.

/// Returns the fraction of examples whose predicted class is their label.
///
/// `scores` are logits or probabilities [n, classes]. The predicted class is the one with the largest score; as in argmax, the first of
/// equal scores counts as the largest, and NaN is larger than any number. `labels` are int64 [n]; or one-hot vectors or probabilities
/// [n, classes] of the dtype of the scores, in which case the label of an example is its class with the largest value.
/// @throws std::invalid_argument if shapes or dtypes do not agree, if a label is outside 0 to classes - 1, or if the labels have shape [n,
/// 1]; use binary_accuracy() for those.
double accuracy(const TensorArg& scores, const Tensor& labels);

/// Returns the fraction of elements where the prediction (score > threshold) equals the target, which is 0 or 1. Scores and targets have
/// the same shape, such as [n], [n, 1] or [n, d]. Use a threshold of 0.5 (the default) for probabilities and 0 for logits. NaN is not above
/// the threshold.
/// @throws std::invalid_argument if shapes or dtypes do not agree, or if a target is neither 0 nor 1.
/// @{
double binary_accuracy(const TensorArg& scores, const Tensor& targets, double threshold);
double binary_accuracy(const TensorArg& scores, const Tensor& targets);
/// @}

/// Returns the fraction of examples whose label is among the k classes with the largest scores, where the first of equal scores counts as
/// the largest. For k = 1 it equals accuracy; for k >= classes it is 1. Scores and labels are as in accuracy().
/// @throws std::invalid_argument as accuracy(), and for k < 1.
double top_k_accuracy(const TensorArg& scores, const Tensor& labels, std::int64_t k);

/// Returns an int64 matrix [classes, classes]; element [i, j] is the number of examples with label i and predicted class j. Scores and
/// labels are as in accuracy().
/// @throws std::invalid_argument as accuracy().
Tensor confusion_matrix(const TensorArg& scores, const Tensor& labels);

/// How the per-class values of a metric (precision, recall or F1) are combined into one number.
enum class Average {
  macro,     ///< mean over the classes that occur as a label or as a prediction
  micro,     ///< computed from the counts of all classes together; equals the accuracy
  weighted,  ///< mean over the classes, weighted by the number of examples with that label
  binary,    ///< the score of class 1 of two classes
};

/// Options of precision_score(), recall_score() and f1_score().
struct ClassScoreOptions {
  /// How the scores of the classes are combined.
  Average average = Average::macro;
  /// For scores and targets of shape [n] or [n, 1] and a floating dtype, with targets 0 or 1: a score above the threshold predicts class 1.
  double threshold = 0.5;
};

// These agree with the functions of the same names in sklearn.metrics with zero_division = 0: if the denominator of a class is 0, its score
// is 0.

/// Returns the precision: the fraction of the examples predicted as a class that have it as their label. If no example is predicted as the
/// class, its precision is 0. Scores and labels are as in accuracy() or, for two classes, as described at ClassScoreOptions::threshold.
/// @throws std::invalid_argument as accuracy(), and for Average::binary if there are not two classes.
/// @{
double precision_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options);
double precision_score(const TensorArg& scores, const Tensor& labels);
/// @}

/// Returns the recall: of the examples that have a class as label, the fraction that is predicted as it. If no example has the class as
/// label, its recall is 0. Scores and labels are as in precision_score().
/// @throws std::invalid_argument as accuracy(), and for Average::binary if there are not two classes.
/// @{
double recall_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options);
double recall_score(const TensorArg& scores, const Tensor& labels);
/// @}

/// Returns the F1 score: the harmonic mean of precision and recall of each class, which is 2 · correct / (labeled + predicted) in numbers
/// of examples. If the class occurs neither as label nor as prediction, its score is 0. Scores and labels are as in precision_score().
/// @throws std::invalid_argument as accuracy(), and for Average::binary if there are not two classes.
/// @{
double f1_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options);
double f1_score(const TensorArg& scores, const Tensor& labels);
/// @}

/// Scores of each class, as returned by class_scores().
struct ClassScores {
  std::vector<double> precision,  ///< precision of each class, see precision_score()
      recall,                     ///< recall of each class, see recall_score()
      f1;                         ///< F1 score of each class, see f1_score()
  /// The number of examples with this label, for each class.
  std::vector<std::int64_t> support;
};

/// Returns the scores of each class, without averaging. Scores, labels and threshold are as in precision_score().
/// @throws std::invalid_argument as accuracy().
ClassScores class_scores(const TensorArg& scores, const Tensor& labels, double threshold = 0.5);

// Regression: prediction and target have the same shape and dtype.

/// Returns the mean of (prediction - target)² over all elements.
/// @throws std::invalid_argument if shapes or dtypes do not agree.
double mean_squared_error(const TensorArg& prediction, const Tensor& target);

/// Returns the mean of |prediction - target| over all elements.
/// @throws std::invalid_argument if shapes or dtypes do not agree.
double mean_absolute_error(const TensorArg& prediction, const Tensor& target);

/// Returns the coefficient of determination R²: 1 - Σ(target - prediction)² / Σ(target - mean target)² for shape [n]. For shape [n, ...],
/// it is computed for each column and averaged over the columns. As in sklearn, a column with equal targets has R² = 1 if all predictions
/// are exact, otherwise 0. The result is NaN for fewer than two examples.
/// @throws std::invalid_argument if shapes or dtypes do not agree, or for rank 0.
double r2_score(const TensorArg& prediction, const Tensor& target);

}  // namespace chainrule::nn
#pragma GCC visibility pop
