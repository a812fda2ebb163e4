#include "nn/optim/adamw.h"

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

void AdamW::update(const Turn& turn) {
  const AdamWOptions& options = options_of(turn);
  adam_turn(turn, {turn.learning_rate, options.beta1, options.beta2, options.epsilon, options.weight_decay, true}, options.amsgrad);
}

}  // namespace chainrule::nn
