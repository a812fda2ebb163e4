#include "nn/optim/adamw.h"

#include <typeinfo>

#include "nn/optim/adam_turn.h"

namespace chainrule::nn {

AdamW::AdamW(std::vector<Tensor> parameters, const AdamWOptions& options, SourceLine line) : GroupedOptimizer("AdamW", kAdamMemory) {
  add_group(std::move(parameters), options, line);
}

void AdamW::check(const AdamWOptions& options, const SourceLine& line) const {
  require_fraction("beta1", options.beta1, line);
  require_fraction("beta2", options.beta2, line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
}

AdamUpdate AdamW::pass_of(const Turn& turn) const noexcept {
  const AdamWOptions& options = options_of(turn);
  return {turn.learning_rate, options.beta1, options.beta2, options.epsilon, options.weight_decay, true};
}

void AdamW::update(const Turn& turn) { adam_turn(turn, pass_of(turn), options_of(turn).amsgrad); }

void AdamW::update_all(std::span<const Turn> turns) {
  if (typeid(*this) != typeid(AdamW)) return Optimizer::update_all(turns);  // a class of the user's may have its own update()
  adam_turns(
      turns, [this](const Turn& turn) { return pass_of(turn); }, [this](const Turn& turn) { return options_of(turn).amsgrad; },
      [this](const Turn& turn) { took_step(turn); });
}

}  // namespace chainrule::nn
