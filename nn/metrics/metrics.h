// Metrics: how good predictions are, as numbers to read and not to differentiate.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// None of them records or broadcasts. All sums are in double. All give NaN for no examples and @throw std::invalid_argument unless shapes
/// and dtypes agree. For the metrics of a whole pass over batches see metric.h.

// Classification: scores are logits or probabilities [n, classes], labels int64 [n] or, one-hot or probabilities, [n, classes] of the
// scores' dtype, of which the class of the largest is the label. The predicted class is that of the largest score; the first of equal ones
// is the largest, and NaN is larger than any number, as in argmax.

/// The share of examples whose predicted class is their label.
/// @throws std::invalid_argument also for a label outside 0 to classes - 1, or for targets [n, 1], which are binary_accuracy's.
double accuracy(const TensorArg& scores, const Tensor& labels);

/// The share of elements where (score > threshold) is the target, 0 or 1: scores and targets of one shape, such as [n], [n, 1] or [n, d].
/// The threshold is 0.5 for probabilities, 0 for logits. NaN is not above it.
/// @throws std::invalid_argument also for another target.
double binary_accuracy(const TensorArg& scores, const Tensor& targets, double threshold);
double binary_accuracy(const TensorArg& scores, const Tensor& targets);

/// The share of examples whose label is among the k classes of the largest scores, of equal ones the first: top_k_accuracy of 1 is
/// accuracy, of `classes` or more 1.
/// @throws std::invalid_argument as accuracy, and unless k >= 1.
double top_k_accuracy(const TensorArg& scores, const Tensor& labels, std::int64_t k);

/// How many examples of each label got each largest score: int64 [classes, classes], a row for a label, a column for a prediction.
/// @throws std::invalid_argument as accuracy.
Tensor confusion_matrix(const TensorArg& scores, const Tensor& labels);

/// How the scores of the classes become one number.
enum class Average {
  macro,     ///< the mean over the classes that occur as label or as prediction
  micro,     ///< from the counts of all classes together, which is accuracy
  weighted,  ///< the mean over the examples, each with the score of its label's class
  binary,    ///< the score of class 1 of two
};

/// The options of scores that are taken for each class.
struct ClassScoreOptions {
  /// What becomes of the classes' scores.
  Average average = Average::macro;
  /// For scores and targets [n] or [n, 1] of floating dtype, 0 or 1 being the target: class 1 is predicted where the score is above it.
  double threshold = 0.5;
};

// As sklearn's of the same names with zero_division = 0: where nothing is to be divided by, the score of a class is 0.

/// Of the examples predicted as a class, the share that has it as label.
/// @throws std::invalid_argument as accuracy, and for Average::binary with other than two classes.
double precision_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options);
double precision_score(const TensorArg& scores, const Tensor& labels);

/// Of the examples with a class as label, the share that is predicted as it.
/// @throws std::invalid_argument as precision_score.
double recall_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options);
double recall_score(const TensorArg& scores, const Tensor& labels);

/// The harmonic mean of precision and recall of each class, 2·right / (labelled + predicted).
/// @throws std::invalid_argument as precision_score.
double f1_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options);
double f1_score(const TensorArg& scores, const Tensor& labels);

/// A number for each class.
struct ClassScores {
  /// One number for each class.
  std::vector<double> precision, recall, f1;
  /// Examples with this label.
  std::vector<std::int64_t> support;
};

/// The scores of each class, not averaged. Threshold: as in ClassScoreOptions.
/// @throws std::invalid_argument as accuracy.
ClassScores class_scores(const TensorArg& scores, const Tensor& labels, double threshold = 0.5);

// Regression: prediction and target of one shape and dtype.

/// The mean of (prediction - target)² over all elements.
double mean_squared_error(const TensorArg& prediction, const Tensor& target);

/// The mean of |prediction - target| over all elements.
double mean_absolute_error(const TensorArg& prediction, const Tensor& target);

/// 1 - Σ(target - prediction)² / Σ(target - mean target)² for [n]; the mean of that of each column for [n, ...]. As sklearn's: where all
/// targets of a column are equal it is 1 if all are met and else 0, and NaN for less than two examples.
/// @throws std::invalid_argument also for rank 0.
double r2_score(const TensorArg& prediction, const Tensor& target);

}  // namespace chainrule::nn
