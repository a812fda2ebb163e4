#include "nn/optim/nadam.h"

#include <algorithm>
#include <cmath>

#include "nn/optim/elements.h"

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

double NAdam::momentum_product(const Turn& turn) {
  products_.resize(std::max(products_.size(), turn.index + 1));
  Product& known = products_[turn.index];
  if (known.step != turn.step - 1) known = {};
  while (known.step < turn.step) known.value *= momentum(options_of(turn), ++known.step);
  return known.value;
}

void NAdam::update(const Turn& turn) {
  const NAdamOptions options = options_of(turn);
  const double product = momentum_product(turn);
  const double now = momentum(options, turn.step), next = momentum(options, turn.step + 1);
  const double gradient_rate = turn.learning_rate * (1 - now) / (1 - product);
  const double moment_rate = turn.learning_rate * next / (1 - product * now * next);
  const double correction2 = 1 - std::pow(options.beta2, static_cast<double>(turn.step));
  const double kept = options.decoupled_weight_decay ? 1 - turn.learning_rate * options.weight_decay : 1;
  const double coupled = options.decoupled_weight_decay ? 0 : options.weight_decay;
  remember(turn, 0);
  remember(turn, 1);
  update_elements<2>(turn, [=](double& p, double g, std::array<double, 2>& m) {
    auto& [first, second] = m;
    g += coupled * p;
    first = options.beta1 * first + (1 - options.beta1) * g;
    second = options.beta2 * second + (1 - options.beta2) * g * g;
    p = kept * p - (gradient_rate * g + moment_rate * first) / (std::sqrt(second / correction2) + options.epsilon);
  });
}

}  // namespace chainrule::nn
