#include "nn/optim/adam.h"

#include <typeinfo>

#include "nn/optim/adam_turn.h"

namespace chainrule::nn {

Adam::Adam(std::vector<Tensor> parameters, const AdamOptions& options, SourceLine line) : GroupedOptimizer("Adam", kAdamMemory) {
  add_group(std::move(parameters), options, line);
}

void Adam::check(const AdamOptions& options, const SourceLine& line) const {
  require_fraction("beta1", options.beta1, line);
  require_fraction("beta2", options.beta2, line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
}

AdamUpdate Adam::pass_of(const Turn& turn) const noexcept {
  const AdamOptions& options = options_of(turn);
  return {turn.learning_rate, options.beta1, options.beta2, options.epsilon, options.weight_decay, false};
}

void Adam::update(const Turn& turn) { adam_turn(turn, pass_of(turn), options_of(turn).amsgrad); }

void Adam::update_all(std::span<const Turn> turns) {
  if (typeid(*this) != typeid(Adam)) return Optimizer::update_all(turns);  // a class of the user's may have its own update()
  adam_turns(
      turns, [this](const Turn& turn) { return pass_of(turn); }, [this](const Turn& turn) { return options_of(turn).amsgrad; },
      [this](const Turn& turn) { took_step(turn); });
}

}  // namespace chainrule::nn
