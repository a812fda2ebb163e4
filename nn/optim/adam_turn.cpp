#include "nn/optim/adam_turn.h"

#include <algorithm>
#include <cmath>

#include "nn/optim/elements.h"

namespace chainrule::nn {

void adam_turn(const Optimizer::Turn& turn, const AdamUpdate& pass, bool amsgrad) {
  if (!amsgrad) return adam_update(turn.parameter, turn.gradient, turn.memory[0], turn.memory[1], turn.step, pass);
  const double t = static_cast<double>(turn.step);
  const double rate = pass.learning_rate / (1 - std::pow(pass.beta1, t));
  const double root_correction2 = std::sqrt(1 - std::pow(pass.beta2, t));
  const double kept = pass.decoupled ? 1 - pass.learning_rate * pass.weight_decay : 1;
  const double coupled = pass.decoupled ? 0 : pass.weight_decay;
  for (std::size_t k = 0; k < 3; ++k) remember(turn, k);
  update_elements<3>(turn, [=](double& p, double g, std::array<double, 3>& m) {
    auto& [first, second, largest] = m;
    g += coupled * p;
    first = pass.beta1 * first + (1 - pass.beta1) * g;
    second = pass.beta2 * second + (1 - pass.beta2) * g * g;
    largest = std::max(largest, second);
    p = kept * p - rate * first / (std::sqrt(largest) / root_correction2 + pass.epsilon);
  });
}

}  // namespace chainrule::nn
