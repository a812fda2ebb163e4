#include "nn/optim/nadam.h"

#include <algorithm>
#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kNAdamMemory[] = {"moment1", "moment2"};

}  // namespace

NAdam::NAdam(std::vector<Tensor> parameters, const NAdamOptions& options, SourceLine line) : GroupedOptimizer("NAdam", kNAdamMemory) {
  add_group(std::move(parameters), options, line);
}

void NAdam::check(const NAdamOptions& options, const SourceLine& line) const {
  require_fraction("beta1", options.beta1, line);
  require_fraction("beta2", options.beta2, line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
  require_not_negative("momentum_decay", options.momentum_decay, line);
}

double NAdam::momentum(const NAdamOptions& options, std::int64_t step) {
  return options.beta1 * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * options.momentum_decay));
}

double NAdam::momentum_product(const ParameterStep& step) {
  products_.resize(std::max(products_.size(), step.index + 1));
  Product& known = products_[step.index];
  if (known.step != step.number - 1) known = {};
  while (known.step < step.number) known.value *= momentum(options_of(step), ++known.step);
  return known.value;
}

void NAdam::update(const ParameterStep& step) {
  const NAdamOptions options = options_of(step);
  const double product = momentum_product(step);
  const double now = momentum(options, step.number), next = momentum(options, step.number + 1);
  const double gradient_rate = step.learning_rate * (1 - now) / (1 - product);
  const double moment_rate = step.learning_rate * next / (1 - product * now * next);
  const double correction2 = 1 - std::pow(options.beta2, static_cast<double>(step.number));
  const double kept = options.decoupled_weight_decay ? 1 - step.learning_rate * options.weight_decay : 1;
  const double coupled = options.decoupled_weight_decay ? 0 : options.weight_decay;
  remember(step, 0);
  remember(step, 1);
  update_elements<2>(step, [=](double& p, double g, std::array<double, 2>& m) {
    auto& [first, second] = m;
    g += coupled * p;
    first = options.beta1 * first + (1 - options.beta1) * g;
    second = options.beta2 * second + (1 - options.beta2) * g * g;
    p = kept * p - (gradient_rate * g + moment_rate * first) / (std::sqrt(second / correction2) + options.epsilon);
  });
}

OptimizerFactory nadam(const NAdamOptions& options) { return make_factory<NAdam>("nadam", options); }

template class GroupedOptimizer<NAdamOptions>;

}  // namespace chainrule::nn
