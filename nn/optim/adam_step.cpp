#include "nn/optim/adam_step.h"

#include <algorithm>
#include <cmath>

#include "nn/optim/elements.h"

namespace chainrule::nn {

void adam_step_on(const Optimizer::ParameterStep& step, const AdamUpdate& settings, bool amsgrad) {
  if (!amsgrad) return adam_update(step.parameter, step.gradient, step.memory[0], step.memory[1], step.number, settings);
  const double t = static_cast<double>(step.number);
  const double rate = settings.learning_rate / (1 - std::pow(settings.beta1, t));
  const double root_correction2 = std::sqrt(1 - std::pow(settings.beta2, t));
  const double kept = settings.decoupled ? 1 - settings.learning_rate * settings.weight_decay : 1;
  const double coupled = settings.decoupled ? 0 : settings.weight_decay;
  for (std::size_t k = 0; k < 3; ++k) remember(step, k);
  update_elements<3>(step, [=](double& p, double g, std::array<double, 3>& m) {
    auto& [first, second, largest] = m;
    g += coupled * p;
    first = settings.beta1 * first + (1 - settings.beta1) * g;
    second = settings.beta2 * second + (1 - settings.beta2) * g * g;
    largest = std::max(largest, second);
    p = kept * p - rate * first / (std::sqrt(largest) / root_correction2 + settings.epsilon);
  });
}

}  // namespace chainrule::nn
