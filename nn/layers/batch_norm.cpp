#include "nn/layers/batch_norm.h"

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/update.h"
#include "nn/layers/norm_sizes.h"
#include "nn/module/config.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

BatchNorm::BatchNorm(Dim features, const BatchNormOptions& options, SourceLine line)
    : features_(features), momentum_(options.momentum), epsilon_(options.epsilon) {
  const CallerScope caller(line);
  if (features_ < 1) throw_invalid("BatchNorm", text("features is ", features_, ", expected at least 1"), line);
  if (!(momentum_ >= 0 && momentum_ <= 1)) throw_invalid("BatchNorm", text("momentum is ", momentum_, ", expected 0 to 1"), line);
  if (!(epsilon_ >= 0)) throw_invalid("BatchNorm", text("epsilon is ", epsilon_, ", expected 0 or more"), line);
  claim_parameters("BatchNorm", {features}, options.affine ? 4 : 2, line);
  if (options.affine) {
    weight_ = ones({features}).set_requires_grad(true);
    bias_ = zeros({features}).set_requires_grad(true);
  }
  running_mean_ = zeros({features});
  running_var_ = ones({features});
}

Tensor BatchNorm::forward(const Tensor& x) const {
  if (x.rank() != 2 || x.size(1) != features_)
    throw_invalid("BatchNorm", text("x has shape ", x.shape(), ", expected [n, ", features_, "]"), SourceLine::current());
  if (is_training()) return train_on(x);
  const Tensor variance = running_var_ + epsilon_;
  const Tensor inverse = rsqrt(epsilon_ > 0 ? variance : masked_fill(variance, eq(variance, 0), 1));
  if (!weight_.defined()) return (x - running_mean_) * inverse;
  return (x - running_mean_) * (inverse * weight_) + bias_;
}

Tensor BatchNorm::train_on(const Tensor& x) const {
  const std::int64_t n = x.size(0);
  if (n < 2)
    throw_invalid("BatchNorm",
                  text("x has shape ", x.shape(), ", expected 2 examples or more in training (drop_last skips a smaller last batch)"),
                  SourceLine::current());
  const Tensor centered = center(x, 0), deviation = nonzero_root_mean_square(centered, 0, epsilon_);
  const Tensor y = weight_.defined() ? centered * (weight_ / deviation) + bias_ : centered * (1 / deviation);

  // After all that may throw. The buffers stay the Tensors they are: these are other handles on them.
  const NoGrad no_grad;
  const Tensor unbiased = squared_norm(centered, 0) / static_cast<double>(n - 1);
  Tensor running_mean = running_mean_, running_var = running_var_;
  assign(running_mean, lerp(running_mean, mean(x, 0), momentum_));
  assign(running_var, lerp(running_var, unbiased, momentum_));
  return y;
}

void BatchNorm::members(Members& visit) {
  visit("weight", weight_);
  visit("bias", bias_);
  visit.buffer("running_mean", running_mean_);
  visit.buffer("running_var", running_var_);
}

std::string BatchNorm::describe() const { return text("BatchNorm ", features_); }

void BatchNorm::config(Config& config) const {
  config.set("features", features_).set("momentum", momentum_).set("epsilon", epsilon_).set("affine", weight_.defined());
}

BatchNorm BatchNorm::from_config(const Config& config) {
  return BatchNorm(config.integer("features"),
                   {.momentum = config.number("momentum"), .epsilon = config.number("epsilon"), .affine = config.boolean("affine")});
}

}  // namespace chainrule::nn
