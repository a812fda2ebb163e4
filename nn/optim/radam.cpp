#include "nn/optim/radam.h"

#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kRAdamMemory[] = {"moment1", "moment2"};

}  // namespace

RAdam::RAdam(std::vector<Tensor> parameters, const RAdamOptions& options, SourceLine line) : GroupedOptimizer("RAdam", kRAdamMemory) {
  add_group(std::move(parameters), options, line);
}

void RAdam::check(const RAdamOptions& options, const SourceLine& line) const {
  require_fraction("beta1", options.beta1, line);
  require_fraction("beta2", options.beta2, line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
}

void RAdam::update(const ParameterStep& step) {
  const RAdamOptions options = options_of(step);
  const double t = static_cast<double>(step.number);
  const double power2 = std::pow(options.beta2, t);
  const double longest = 2 / (1 - options.beta2) - 1;
  const double length = longest - 2 * t * power2 / (1 - power2);
  const bool rectified = length > 5;
  double rate = step.learning_rate / (1 - std::pow(options.beta1, t));
  if (rectified)
    rate *= std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) * std::sqrt(1 - power2);
  const double kept = options.decoupled_weight_decay ? 1 - step.learning_rate * options.weight_decay : 1;
  const double coupled = options.decoupled_weight_decay ? 0 : options.weight_decay;
  remember(step, 0);
  remember(step, 1);
  update_elements<2>(step, [=](double& p, double g, std::array<double, 2>& m) {
    auto& [first, second] = m;
    g += coupled * p;
    first = options.beta1 * first + (1 - options.beta1) * g;
    second = options.beta2 * second + (1 - options.beta2) * g * g;
    p = kept * p - rate * first / (rectified ? std::sqrt(second) + options.epsilon : 1);
  });
}

OptimizerFactory radam(const RAdamOptions& options) { return make_factory<RAdam>("radam", options); }

template class GroupedOptimizer<RAdamOptions>;

}  // namespace chainrule::nn
