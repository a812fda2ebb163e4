#include "nn/layers/layer_norm.h"

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "nn/layers/norm_sizes.h"
#include "nn/module/config.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

LayerNorm::LayerNorm(const Shape& sizes, const LayerNormOptions& options, SourceLine line) : sizes_(sizes), epsilon_(options.epsilon) {
  const CallerScope caller(line);
  require_norm_sizes("LayerNorm", sizes, line);
  if (!(epsilon_ >= 0)) throw_invalid("LayerNorm", text("epsilon is ", epsilon_, ", expected 0 or more"), line);
  if (options.affine) {
    claim_parameters("LayerNorm", sizes, 2, line);
    weight_ = ones(sizes).set_requires_grad(true);
    bias_ = zeros(sizes).set_requires_grad(true);
  }
}

Tensor LayerNorm::forward(const Tensor& x) const {
  const Axes axes = last_axes("LayerNorm", x, sizes_);
  const Tensor centered = center(x, axes);
  const Tensor y = centered * (1 / nonzero_root_mean_square(centered, axes, epsilon_));
  return weight_.defined() ? y * weight_ + bias_ : y;
}

void LayerNorm::members(Members& visit) {
  visit("weight", weight_);
  visit("bias", bias_);
}

std::string LayerNorm::describe() const { return sizes_.rank() == 1 ? text("LayerNorm ", sizes_[0]) : text("LayerNorm ", sizes_); }

void LayerNorm::config(Config& config) const { config.set("sizes", sizes_).set("epsilon", epsilon_).set("affine", weight_.defined()); }

LayerNorm LayerNorm::from_config(const Config& config) {
  return LayerNorm(config.shape("sizes"), {.epsilon = config.number("epsilon"), .affine = config.boolean("affine")});
}

}  // namespace chainrule::nn
