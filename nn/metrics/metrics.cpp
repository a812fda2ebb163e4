#include "nn/metrics/metrics.h"

#include "autograd/ops/create.h"
#include "autograd/ops/reduce.h"
#include "nn/metrics/scoring.h"

namespace chainrule::nn {
namespace {

// The value for a single batch.
template <class Sums>
double value_of(const char* op, Sums sums, const TensorArg& prediction, const Tensor& target) {
  const CallerScope caller(prediction.line());
  sums.add(op, prediction.tensor(), target, prediction.line());
  return sums.value();
}

}  // namespace

double accuracy(const TensorArg& scores, const Tensor& labels) { return value_of("accuracy", AmongTop(1), scores, labels); }

double binary_accuracy(const TensorArg& scores, const Tensor& targets) { return binary_accuracy(scores, targets, 0.5); }

double binary_accuracy(const TensorArg& scores, const Tensor& targets, double threshold) {
  return value_of("binary_accuracy", RightSide(threshold), scores, targets);
}

double top_k_accuracy(const TensorArg& scores, const Tensor& labels, std::int64_t k) {
  return value_of("top_k_accuracy", AmongTop(k), scores, labels);
}

Tensor confusion_matrix(const TensorArg& scores, const Tensor& labels) {
  const CallerScope caller(scores.line());
  const Tensor known = example_labels("confusion_matrix", scores.tensor(), labels, scores.line());
  const Tensor predicted = argmax(scores.tensor(), 1);
  const std::int64_t classes = scores.tensor().size(1);
  Tensor counts = zeros({classes, classes}, DType::int64);
  const std::span<std::int64_t> cells = counts.mutable_data<std::int64_t>();
  const std::span<const std::int64_t> got = predicted.data<std::int64_t>(), wanted = known.data<std::int64_t>();
  for (std::size_t i = 0; i < got.size(); ++i) ++cells[static_cast<std::size_t>(wanted[i] * classes + got[i])];
  return counts;
}

double precision_score(const TensorArg& scores, const Tensor& labels) { return precision_score(scores, labels, {}); }

double precision_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options) {
  return value_of("precision_score", AveragedScore(ClassScore::precision, options), scores, labels);
}

double recall_score(const TensorArg& scores, const Tensor& labels) { return recall_score(scores, labels, {}); }

double recall_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options) {
  return value_of("recall_score", AveragedScore(ClassScore::recall, options), scores, labels);
}

double f1_score(const TensorArg& scores, const Tensor& labels) { return f1_score(scores, labels, {}); }

double f1_score(const TensorArg& scores, const Tensor& labels, const ClassScoreOptions& options) {
  return value_of("f1_score", AveragedScore(ClassScore::f1, options), scores, labels);
}

ClassScores class_scores(const TensorArg& scores, const Tensor& labels, double threshold) {
  const CallerScope caller(scores.line());
  ClassCounts counts(threshold);
  counts.add("class_scores", scores.tensor(), labels, scores.line());
  ClassScores of;
  for (std::size_t c = 0; c < counts.classes(); ++c) {
    of.precision.push_back(counts.score(ClassScore::precision, c));
    of.recall.push_back(counts.score(ClassScore::recall, c));
    of.f1.push_back(counts.score(ClassScore::f1, c));
    of.support.push_back(counts.labeled(c));
  }
  return of;
}

double mean_squared_error(const TensorArg& prediction, const Tensor& target) {
  return value_of("mean_squared_error", SquaredError(), prediction, target);
}

double mean_absolute_error(const TensorArg& prediction, const Tensor& target) {
  return value_of("mean_absolute_error", AbsoluteError(), prediction, target);
}

double r2_score(const TensorArg& prediction, const Tensor& target) { return value_of("r2_score", Determination(), prediction, target); }

}  // namespace chainrule::nn
