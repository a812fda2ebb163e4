#include "nn/losses.h"

#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "nn/targets.h"

namespace chainrule::nn {

namespace {

Tensor reduced(const Tensor& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::mean:
      return mean(losses);
    case Reduction::sum:
      return sum(losses);
    case Reduction::none:
      break;
  }
  return losses;
}

// -x at the labels: the sign is turned after the reduction, where fewer elements are left.
Tensor negative_at(const Tensor& x, const Tensor& labels, Reduction reduction) {
  const std::int64_t n = x.size(0);
  const Tensor at_labels = reduced(gather(x, 1, labels.reshape({n, 1})), reduction);
  return neg(reduction == Reduction::none ? at_labels.reshape({n}) : at_labels);
}

}  // namespace

Tensor mse_loss(const TensorArg& prediction, const Tensor& target) { return mse_loss(prediction, target, {}); }

Tensor mse_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(prediction.line());
  check_target("mse_loss", "prediction", prediction.tensor(), target, prediction.line());
  return reduced(square(prediction.tensor() - target), options.reduction);
}

Tensor cross_entropy(const TensorArg& logits, const Tensor& target) { return cross_entropy(logits, target, {}); }

Tensor cross_entropy(const TensorArg& logits, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(logits.line());
  const Tensor& x = logits.tensor();
  if (x.defined() && target.defined() && target.dtype() != DType::int64 && x.rank() == 2 && target.rank() == 2) {
    check_target("cross_entropy", "logits", x, target, logits.line());
    return neg(reduced(sum(log_softmax(x, 1) * target, 1), options.reduction));
  }
  check_labels("cross_entropy", "logits", x, target, logits.line());
  return negative_at(log_softmax(x, 1), target, options.reduction);
}

Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels) { return nll_loss(log_probabilities, labels, {}); }

Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels, const LossOptions& options) {
  const CallerScope caller(log_probabilities.line());
  check_labels("nll_loss", "log_probabilities", log_probabilities.tensor(), labels, log_probabilities.line());
  return negative_at(log_probabilities.tensor(), labels, options.reduction);
}

Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target) {
  return binary_cross_entropy_with_logits(logits, target, {});
}

Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(logits.line());
  const Tensor& x = logits.tensor();
  check_target("binary_cross_entropy_with_logits", "logits", x, target, logits.line());
  return neg(reduced(target * log_sigmoid(x) + (1 - target) * log_sigmoid(-x), options.reduction));
}

}  // namespace chainrule::nn
