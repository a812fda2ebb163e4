#include "nn/layers/rms_norm.h"

#include <limits>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "nn/layers/norm_sizes.h"
#include "nn/module/config.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::text;

RMSNorm::RMSNorm(const Shape& sizes, const RMSNormOptions& options, SourceLine line) : sizes_(sizes), epsilon_(options.epsilon) {
  const CallerScope caller(line);
  require_norm_sizes("RMSNorm", sizes, line);
  if (epsilon_ && !(*epsilon_ >= 0)) detail::throw_invalid("RMSNorm", text("epsilon is ", *epsilon_, ", expected 0 or more"), line);
  if (options.affine) {
    claim_parameters("RMSNorm", sizes, 1, line);
    weight_ = ones(sizes).set_requires_grad(true);
  }
}

Tensor RMSNorm::forward(const Tensor& x) const {
  const Axes axes = last_axes("RMSNorm", x, sizes_);
  const double machine =
      x.dtype() == DType::float32 ? double{std::numeric_limits<float>::epsilon()} : std::numeric_limits<double>::epsilon();
  const Tensor y = x * (1 / nonzero_root_mean_square(x, axes, epsilon_.value_or(machine)));
  return weight_.defined() ? y * weight_ : y;
}

void RMSNorm::members(Members& visit) { visit("weight", weight_); }

std::string RMSNorm::describe() const { return sizes_.rank() == 1 ? text("RMSNorm ", sizes_[0]) : text("RMSNorm ", sizes_); }

void RMSNorm::config(Config& config) const {
  config.set("sizes", sizes_).set("affine", weight_.defined());
  if (epsilon_) config.set("epsilon", *epsilon_);
}

RMSNorm RMSNorm::from_config(const Config& config) {
  RMSNormOptions options{.affine = config.boolean("affine")};
  if (config.has("epsilon")) options.epsilon = config.number("epsilon");
  return RMSNorm(config.shape("sizes"), options);
}

}  // namespace chainrule::nn
