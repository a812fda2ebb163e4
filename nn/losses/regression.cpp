#include <limits>
#include <numbers>

#include "autograd/base/check.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/loss.h"
#include "nn/losses/losses.h"
#include "nn/losses/reduced.h"
#include "nn/losses/targets.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

// prediction - target, after checking that they fit.
Tensor difference(const char* op, const TensorArg& prediction, const Tensor& target) {
  check_target(op, "prediction", prediction.tensor(), target, prediction.line());
  return prediction.tensor() - target;
}

// d²/2 within ±delta and delta · (|d| - delta/2) outside, divided by `divisor`, in a form whose derivatives are also correct at 0. The
// factor that is limited is divided, which neither overflows nor underflows for the divisor delta.
Tensor huber(const Tensor& d, double delta, double divisor) {
  const Tensor limited = clamp(d, -delta, delta);
  return (divisor == 1 ? limited : limited / divisor) * (d - 0.5 * limited);
}

double smallest_normal(DType dtype) {
  return dtype == DType::float32 ? double{std::numeric_limits<float>::min()} : std::numeric_limits<double>::min();
}

}  // namespace

Tensor mse_loss(const TensorArg& prediction, const Tensor& target) { return mse_loss(prediction, target, {}); }

Tensor mse_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(prediction.line());
  if (options.reduction == Reduction::mean) {
    check_target("mse_loss", "prediction", prediction.tensor(), target, prediction.line());
    return mean_squared_difference(prediction, target);
  }
  return reduced(square(difference("mse_loss", prediction, target)), options.reduction);
}

Tensor l1_loss(const TensorArg& prediction, const Tensor& target) { return l1_loss(prediction, target, {}); }

Tensor l1_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(prediction.line());
  return reduced(abs(difference("l1_loss", prediction, target)), options.reduction);
}

Tensor squared_error_loss(const TensorArg& prediction, const Tensor& target) { return squared_error_loss(prediction, target, {}); }

Tensor squared_error_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(prediction.line());
  const Tensor d = difference("squared_error_loss", prediction, target);
  if (d.rank() == 0) throw_invalid("squared_error_loss", "prediction has shape [], expected [n, ...]", prediction.line());
  Shape axes = d.shape();
  axes.erase(0);
  for (int i = 0; i < axes.rank(); ++i) axes[i] = i + 1;
  const Tensor squares = square(d);
  return reduced(axes.rank() == 0 ? squares : sum(squares, Axes(std::vector<std::int64_t>(axes.begin(), axes.end()))), options.reduction);
}

Tensor huber_loss(const TensorArg& prediction, const Tensor& target) { return huber_loss(prediction, target, {}); }

Tensor huber_loss(const TensorArg& prediction, const Tensor& target, const HuberOptions& options) {
  const CallerScope caller(prediction.line());
  if (!(options.delta > 0)) throw_invalid("huber_loss", text("delta is ", options.delta, ", expected above 0"), prediction.line());
  return reduced(huber(difference("huber_loss", prediction, target), options.delta, 1), options.reduction);
}

Tensor smooth_l1_loss(const TensorArg& prediction, const Tensor& target) { return smooth_l1_loss(prediction, target, {}); }

Tensor smooth_l1_loss(const TensorArg& prediction, const Tensor& target, const SmoothL1Options& options) {
  const CallerScope caller(prediction.line());
  if (!(options.beta >= 0)) throw_invalid("smooth_l1_loss", text("beta is ", options.beta, ", expected 0 or more"), prediction.line());
  const Tensor d = difference("smooth_l1_loss", prediction, target);
  // A beta that the dtype cannot divide by is as good as 0.
  return reduced(options.beta < smallest_normal(d.dtype()) ? abs(d) : huber(d, options.beta, options.beta), options.reduction);
}

Tensor log_cosh_loss(const TensorArg& prediction, const Tensor& target) { return log_cosh_loss(prediction, target, {}); }

Tensor log_cosh_loss(const TensorArg& prediction, const Tensor& target, const LossOptions& options) {
  const CallerScope caller(prediction.line());
  const Tensor d = difference("log_cosh_loss", prediction, target);
  // log(1 + 2·sinh²(d/2)) keeps the digits of small differences; |d| + log(1 + exp(-2·|d|)) - log(2) does not overflow for large ones.
  const Tensor size = abs(d), small = le(size, 1);
  const Tensor close = log1p(2 * square(sinh(where(small, d, 0) / 2)));
  const Tensor far = size + log1p(exp(-2 * size)) - std::numbers::ln2;
  return reduced(where(small, close, far), options.reduction);
}

Tensor poisson_nll_loss(const TensorArg& prediction, const Tensor& target) { return poisson_nll_loss(prediction, target, {}); }

Tensor poisson_nll_loss(const TensorArg& prediction, const Tensor& target, const PoissonNllOptions& options) {
  const CallerScope caller(prediction.line());
  const Tensor& x = prediction.tensor();
  check_target("poisson_nll_loss", "prediction", x, target, prediction.line());
  // With epsilon 0, a rate of 0 for a target of 0 is replaced by 1 before the logarithm, whose gradient at 0 is infinite.
  const auto log_rate = [&] {
    const Tensor rate = x + options.epsilon;
    return log(options.epsilon == 0 ? masked_fill(rate, logical_and(eq(rate, 0), eq(target, 0)), 1) : rate);
  };
  Tensor losses = options.log_input ? exp(x) - weigh(target, x) : x - weigh(target, log_rate());
  if (options.full) {
    // Excluded targets are replaced by 1 before the logarithm; otherwise the gradient of the logarithm at 0 would turn theirs into NaN.
    const Tensor left_out = le(target, 1);
    const Tensor t = masked_fill(target, left_out, 1);
    losses += masked_fill(t * log(t) - t + 0.5 * log(2 * std::numbers::pi * t), left_out, 0);
  }
  return reduced(losses, options.reduction);
}

}  // namespace chainrule::nn
