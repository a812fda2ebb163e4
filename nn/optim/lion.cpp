#include "nn/optim/lion.h"

#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kLionMemory[] = {"momentum"};

}  // namespace

Lion::Lion(std::vector<Tensor> parameters, const LionOptions& options, SourceLine line) : GroupedOptimizer("Lion", kLionMemory) {
  add_group(std::move(parameters), options, line);
}

void Lion::check(const LionOptions& options, const SourceLine& line) const {
  require_fraction("beta1", options.beta1, line);
  require_fraction("beta2", options.beta2, line);
  require_not_negative("weight_decay", options.weight_decay, line);
}

void Lion::update(const ParameterStep& step) {
  const LionOptions options = options_of(step);
  const double rate = step.learning_rate;
  remember(step, 0);
  update_elements<1>(step, [=](double& p, double g, std::array<double, 1>& m) {
    const double direction = options.beta1 * m[0] + (1 - options.beta1) * g;
    // Without branches, which a random sign would mispredict; NaN stays NaN.
    const double sign = std::isnan(direction) ? direction : (direction > 0 ? 1.0 : 0.0) - (direction < 0 ? 1.0 : 0.0);
    p -= rate * (sign + options.weight_decay * p);
    m[0] = options.beta2 * m[0] + (1 - options.beta2) * g;
  });
}

OptimizerFactory lion(const LionOptions& options) { return make_factory<Lion>("lion", options); }

template class GroupedOptimizer<LionOptions>;

}  // namespace chainrule::nn
