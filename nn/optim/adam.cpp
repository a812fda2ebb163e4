#include "nn/optim/adam.h"

#include <typeinfo>

#include "nn/optim/adam_step.h"

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

AdamUpdate Adam::settings_of(const ParameterStep& step) const noexcept {
  const AdamOptions& options = options_of(step);
  return {step.learning_rate, options.beta1, options.beta2, options.epsilon, options.weight_decay, false};
}

void Adam::update(const ParameterStep& step) { adam_step_on(step, settings_of(step), options_of(step).amsgrad); }

void Adam::update_all(std::span<const ParameterStep> steps) {
  if (typeid(*this) != typeid(Adam)) return Optimizer::update_all(steps);  // a class of the user's may have its own update()
  adam_update_all(
      steps, [this](const ParameterStep& step) { return settings_of(step); },
      [this](const ParameterStep& step) { return options_of(step).amsgrad; }, [this](const ParameterStep& step) { count_step(step); });
}

}  // namespace chainrule::nn
