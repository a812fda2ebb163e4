#include "nn/optim/adam.h"

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

void Adam::update(const Turn& turn) {
  const AdamOptions& options = options_of(turn);
  adam_turn(turn, {turn.learning_rate, options.beta1, options.beta2, options.epsilon, options.weight_decay, false}, options.amsgrad);
}

}  // namespace chainrule::nn
