#include "nn/metrics.h"

#include "autograd/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/reduce.h"
#include "nn/targets.h"

namespace chainrule::nn {
namespace {

// The class of the largest score of each example.
Tensor predictions(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line) {
  check_labels(op, "scores", scores, labels, line);
  return argmax(scores, 1);
}

}  // namespace

double accuracy(const TensorArg& scores, const Tensor& labels) {
  const CallerScope caller(scores.line());
  const Tensor predicted = predictions("accuracy", scores.tensor(), labels, scores.line());
  const std::span<const std::int64_t> got = predicted.data<std::int64_t>(), wanted = labels.data<std::int64_t>();
  std::int64_t right = 0;
  for (std::size_t i = 0; i < got.size(); ++i) right += got[i] == wanted[i];
  return static_cast<double>(right) / static_cast<double>(got.size());
}

Tensor confusion_matrix(const TensorArg& scores, const Tensor& labels) {
  const CallerScope caller(scores.line());
  const Tensor predicted = predictions("confusion_matrix", scores.tensor(), labels, scores.line());
  const std::int64_t classes = scores.tensor().size(1);
  Tensor counts = zeros({classes, classes}, DType::int64);
  const std::span<std::int64_t> cells = counts.mutable_data<std::int64_t>();
  const std::span<const std::int64_t> got = predicted.data<std::int64_t>(), wanted = labels.data<std::int64_t>();
  for (std::size_t i = 0; i < got.size(); ++i) ++cells[static_cast<std::size_t>(wanted[i] * classes + got[i])];
  return counts;
}

}  // namespace chainrule::nn
