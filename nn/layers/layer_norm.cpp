#include "nn/layers/layer_norm.h"

#include <algorithm>
#include <vector>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "nn/module/config.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

LayerNorm::LayerNorm(const Shape& sizes, const LayerNormOptions& options, SourceLine line) : sizes_(sizes), epsilon_(options.epsilon) {
  const CallerScope caller(line);
  if (sizes.rank() == 0 || std::any_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size < 1; }))
    throw_invalid("LayerNorm", text("got sizes ", sizes, ", expected one or more, at least 1 each"), line);
  if (!(epsilon_ >= 0)) throw_invalid("LayerNorm", text("epsilon is ", epsilon_, ", expected 0 or more"), line);
  if (options.affine) {
    claim_parameters("LayerNorm", sizes, 2, line);
    weight_ = ones(sizes).set_requires_grad(true);
    bias_ = zeros(sizes).set_requires_grad(true);
  }
}

Tensor LayerNorm::forward(const Tensor& x) const {
  bool fits = x.rank() >= sizes_.rank();
  std::vector<std::int64_t> last;
  for (int axis = 1; fits && axis <= sizes_.rank(); ++axis) {
    fits = x.size(-axis) == sizes_.size(-axis);
    last.push_back(-axis);
  }
  if (!fits) throw_invalid("LayerNorm", text("x has shape ", x.shape(), ", expected its last axes to be ", sizes_), SourceLine::current());
  const Axes axes(last);
  const Tensor y = (x - mean(x, axes, true)) * rsqrt(var(x, axes, true, 0) + epsilon_);
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
