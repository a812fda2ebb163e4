#include "nn/optim/adadelta.h"

#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kAdadeltaMemory[] = {"square_average", "square_step"};

}  // namespace

Adadelta::Adadelta(std::vector<Tensor> parameters, const AdadeltaOptions& options, SourceLine line)
    : GroupedOptimizer("Adadelta", kAdadeltaMemory) {
  add_group(std::move(parameters), options, line);
}

void Adadelta::check(const AdadeltaOptions& options, const SourceLine& line) const {
  require(options.rho >= 0 && options.rho <= 1, "rho", options.rho, "0 to 1", line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
}

void Adadelta::update(const ParameterStep& step) {
  const AdadeltaOptions options = options_of(step);
  const double rate = step.learning_rate;
  remember(step, 0);
  remember(step, 1);
  update_elements<2>(step, [=](double& p, double g, std::array<double, 2>& m) {
    auto& [square_average, delta_average] = m;
    g += options.weight_decay * p;
    square_average = options.rho * square_average + (1 - options.rho) * g * g;
    const double d = std::sqrt(delta_average + options.epsilon) / std::sqrt(square_average + options.epsilon) * g;
    delta_average = options.rho * delta_average + (1 - options.rho) * d * d;
    p -= rate * d;
  });
}

OptimizerFactory adadelta(const AdadeltaOptions& options) { return make_factory<Adadelta>("adadelta", options); }

template class GroupedOptimizer<AdadeltaOptions>;

}  // namespace chainrule::nn
