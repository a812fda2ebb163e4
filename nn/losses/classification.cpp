#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/base/check.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/loss.h"
#include "autograd/ops/shape.h"
#include "nn/losses/losses.h"
#include "nn/losses/reduced.h"
#include "nn/losses/targets.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

// -x at the labels. The sign is changed after the reduction, when fewer elements are left.
Tensor negative_at(const Tensor& x, const Tensor& labels, Reduction reduction) {
  const std::int64_t n = x.size(0);
  const Tensor at_labels = reduced(gather(x, 1, labels.reshape({n, 1})), reduction);
  return neg(reduction == Reduction::none ? at_labels.reshape({n}) : at_labels);
}

bool holds(const Tensor& labels, std::int64_t label) {
  const std::span<const std::int64_t> values = labels.data<std::int64_t>();
  return std::find(values.begin(), values.end(), label) != values.end();
}

void check_class_weight(const char* op, const Tensor& weight, const Tensor& scores, const SourceLine& line) {
  if (!weight.defined()) return;
  const Shape expected{scores.size(1)};
  if (weight.shape() != expected || weight.dtype() != scores.dtype())
    throw_invalid(op, text("weight is ", weight.dtype(), " ", weight.shape(), ", expected ", scores.dtype(), " ", expected), line);
}

// Checks a weight that must broadcast to the shape of the elements without enlarging it.
void check_element_weight(const char* op, const char* what, const Tensor& weight, const Tensor& elements, const SourceLine& line) {
  if (!weight.defined()) return;
  const Shape shape = elements.shape();
  bool fits = weight.dtype() == elements.dtype() && weight.rank() <= shape.rank();
  for (int axis = 1; fits && axis <= weight.rank(); ++axis) fits = weight.size(-axis) == 1 || weight.size(-axis) == shape.size(-axis);
  if (!fits)
    throw_invalid(
        op, text(what, " is ", weight.dtype(), " ", weight.shape(), ", expected ", elements.dtype(), " that broadcasts to ", shape), line);
}

// True if every label counts with the weight 1.
bool is_plain(const Tensor& labels, const CrossEntropyOptions& options) {
  return !options.weight.defined() && options.label_smoothing == 0 && !holds(labels, options.ignore_index);
}

// The losses of labels with class weights, ignored labels or label smoothing. The mean divides by the sum of the weights of the labels that
// are not ignored.
Tensor labeled(const Tensor& log_probabilities, const Tensor& labels, const CrossEntropyOptions& options) {
  const Tensor& x = log_probabilities;
  const bool weighted = options.weight.defined();
  if (is_plain(labels, options)) return negative_at(x, labels, options.reduction);

  const Tensor ignored = eq(labels, options.ignore_index);
  const Tensor known = masked_fill(labels, ignored, 0);
  const Tensor weights = masked_fill(weighted ? index_select(options.weight, 0, known) : ones(labels.shape(), x.dtype()), ignored, 0);
  // Log-probabilities of ignored examples, and of classes whose weight is 0, may be infinite.
  Tensor losses = weigh(weights, negative_at(x, known, Reduction::none));
  if (options.label_smoothing != 0) {
    const double rest = options.label_smoothing / static_cast<double>(x.size(1));
    const Tensor all = rest * masked_fill(neg(sum(weighted ? weigh(options.weight, x) : x, 1)), ignored, 0);
    losses = options.label_smoothing == 1 ? all : (1 - options.label_smoothing) * losses + all;
  }
  return options.reduction == Reduction::mean ? sum(losses) / sum(weights) : reduced(losses, options.reduction);
}

// max(log(p), -100), with gradient 0 where the limit applies.
Tensor limited_log(const Tensor& p) {
  const Tensor tiny = lt(p, std::exp(-100.0));
  return masked_fill(log(masked_fill(p, tiny, 1)), tiny, -100);
}

// max(log(1 - p), -100), with gradient 0 where the limit applies. In floating point, 1 - p is either 0 or far above exp(-100).
Tensor limited_log_of_rest(const Tensor& p) {
  const Tensor full = eq(p, 1);
  return masked_fill(log1p(neg(masked_fill(p, full, 0))), full, -100);
}

}  // namespace

Tensor cross_entropy(const TensorArg& logits, const Tensor& target) { return cross_entropy(logits, target, {}); }

Tensor cross_entropy(const TensorArg& logits, const Tensor& target, const CrossEntropyOptions& options) {
  const CallerScope caller(logits.line());
  const Tensor& x = logits.tensor();
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    throw_invalid("cross_entropy", text("label_smoothing is ", options.label_smoothing, ", expected 0 to 1"), logits.line());
  if (x.defined() && target.defined() && target.dtype() != DType::int64 && x.rank() == 2 && target.rank() == 2) {
    check_target("cross_entropy", "logits", x, target, logits.line());
    check_class_weight("cross_entropy", options.weight, x, logits.line());
    const double smoothing = options.label_smoothing;
    const Tensor smooth = smoothing == 0 ? target : (1 - smoothing) * target + smoothing / static_cast<double>(x.size(1));
    const Tensor terms = weigh(smooth, log_softmax(x, 1));
    return neg(reduced(sum(options.weight.defined() ? weigh(options.weight, terms) : terms, 1), options.reduction));
  }
  check_labels("cross_entropy", "logits", x, target, logits.line(), options.ignore_index);
  check_class_weight("cross_entropy", options.weight, x, logits.line());
  if (options.reduction == Reduction::mean && is_plain(target, options)) return mean_cross_entropy(logits, target);
  return labeled(log_softmax(x, 1), target, options);
}

Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels) { return nll_loss(log_probabilities, labels, {}); }

Tensor nll_loss(const TensorArg& log_probabilities, const Tensor& labels, const NllOptions& options) {
  const CallerScope caller(log_probabilities.line());
  const Tensor& x = log_probabilities.tensor();
  check_labels("nll_loss", "log_probabilities", x, labels, log_probabilities.line(), options.ignore_index);
  check_class_weight("nll_loss", options.weight, x, log_probabilities.line());
  return labeled(x, labels, {.reduction = options.reduction, .weight = options.weight, .ignore_index = options.ignore_index});
}

Tensor binary_cross_entropy(const TensorArg& probabilities, const Tensor& target) {
  return binary_cross_entropy(probabilities, target, {});
}

Tensor binary_cross_entropy(const TensorArg& probabilities, const Tensor& target, const BinaryCrossEntropyOptions& options) {
  const CallerScope caller(probabilities.line());
  const Tensor& p = probabilities.tensor();
  check_target("binary_cross_entropy", "probabilities", p, target, probabilities.line());
  check_element_weight("binary_cross_entropy", "weight", options.weight, p, probabilities.line());
  if (p.numel() > 0 && !(min(p.detach()).item() >= 0 && max(p.detach()).item() <= 1))
    throw_invalid("binary_cross_entropy",
                  text("probabilities reach from ", min(p.detach()).item(), " to ", max(p.detach()).item(),
                       ", expected 0 to 1: binary_cross_entropy_with_logits takes logits"),
                  probabilities.line());
  const Tensor terms = target * limited_log(p) + (1 - target) * limited_log_of_rest(p);
  return neg(reduced(options.weight.defined() ? terms * options.weight : terms, options.reduction));
}

Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target) {
  return binary_cross_entropy_with_logits(logits, target, {});
}

Tensor binary_cross_entropy_with_logits(const TensorArg& logits, const Tensor& target, const BinaryCrossEntropyWithLogitsOptions& options) {
  const CallerScope caller(logits.line());
  const Tensor& x = logits.tensor();
  check_target("binary_cross_entropy_with_logits", "logits", x, target, logits.line());
  check_element_weight("binary_cross_entropy_with_logits", "weight", options.weight, x, logits.line());
  check_element_weight("binary_cross_entropy_with_logits", "pos_weight", options.pos_weight, x, logits.line());
  const Tensor positive = options.pos_weight.defined() ? target * options.pos_weight : target;
  const Tensor terms = weigh(positive, log_sigmoid(x)) + weigh(1 - target, log_sigmoid(-x));
  return neg(reduced(options.weight.defined() ? weigh(options.weight, terms) : terms, options.reduction));
}

Tensor kl_div(const TensorArg& log_probabilities, const Tensor& target) { return kl_div(log_probabilities, target, {}); }

Tensor kl_div(const TensorArg& log_probabilities, const Tensor& target, const KlDivOptions& options) {
  const CallerScope caller(log_probabilities.line());
  const Tensor& x = log_probabilities.tensor();
  check_target("kl_div", "log_probabilities", x, target, log_probabilities.line());
  const auto losses = [&] {
    if (!options.log_target) return weigh(target, log(masked_fill(target, eq(target, 0), 1)) - x);
    // A target of -inf is a probability of 0. Its gradient is 0 too: the limit of e^t · (t - x + 1).
    const Tensor known = target.requires_grad() ? masked_fill(target, logical_and(isinf(target), lt(target, 0)), -1e30) : target;
    return weigh(exp(known), known - x);
  };
  return reduced(losses(), options.reduction);
}

Tensor hinge_loss(const TensorArg& prediction, const Tensor& target) { return hinge_loss(prediction, target, {}); }

Tensor hinge_loss(const TensorArg& prediction, const Tensor& target, const HingeOptions& options) {
  const CallerScope caller(prediction.line());
  check_target("hinge_loss", "prediction", prediction.tensor(), target, prediction.line());
  if (any(ne(abs(target.detach()), 1)).item() != 0)
    throw_invalid("hinge_loss", "a target is neither -1 nor 1: for 0 and 1 use 2 * target - 1", prediction.line());
  return reduced(relu(options.margin - target * prediction.tensor()), options.reduction);
}

Tensor multi_margin_loss(const TensorArg& scores, const Tensor& labels) { return multi_margin_loss(scores, labels, {}); }

Tensor multi_margin_loss(const TensorArg& scores, const Tensor& labels, const MultiMarginOptions& options) {
  const CallerScope caller(scores.line());
  const Tensor& x = scores.tensor();
  check_labels("multi_margin_loss", "scores", x, labels, scores.line());
  check_class_weight("multi_margin_loss", options.weight, x, scores.line());
  if (options.p != 1 && options.p != 2) throw_invalid("multi_margin_loss", text("p is ", options.p, ", expected 1 or 2"), scores.line());
  const std::int64_t n = x.size(0), classes = x.size(1);
  const Tensor margins = relu(options.margin - gather(x, 1, labels.reshape({n, 1})) + x);
  const Tensor others = masked_fill(margins, one_hot(labels, classes, x.dtype()), 0);
  const Tensor losses = sum(options.p == 2 ? square(others) : others, 1) / static_cast<double>(classes);
  return reduced(options.weight.defined() ? losses * index_select(options.weight, 0, labels) : losses, options.reduction);
}

Tensor softmax_mse_loss(const TensorArg& logits, const Tensor& target) { return softmax_mse_loss(logits, target, {}); }

Tensor softmax_mse_loss(const TensorArg& logits, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(logits.line());
  check_target("softmax_mse_loss", "logits", logits.tensor(), target, logits.line());
  // Near a probability of 1, p - target is (1 - target) - (1 - p), where 1 - p keeps its digits.
  const Tensor l = log_softmax(logits.tensor(), -1), likely = gt(l, -std::numbers::ln2);
  return reduced(square(where(likely, (1 - target) + expm1(l), exp(l) - target)), options.reduction);
}

}  // namespace chainrule::nn
