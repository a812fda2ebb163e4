#include "nn/optim/adam.h"

#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

// The last one is used with amsgrad only.
constexpr std::string_view kAdamMemory[] = {"moment1", "moment2", "moment2_max"};

}  // namespace

AdamBase::AdamBase(const char* name, bool decoupled) noexcept : GroupedOptimizer(name, kAdamMemory), decoupled_(decoupled) {}

void AdamBase::check(const AdamOptions& options, const SourceLine& line) const {
  require_fraction("beta1", options.beta1, line);
  require_fraction("beta2", options.beta2, line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
}

void AdamBase::update_all(std::span<const ParameterStep> steps) {
  together_.clear();
  for (const ParameterStep& step : steps) {
    const std::size_t before = together_.size();
    update(step);
    if (together_.size() == before) count_step(step);
  }
  update_together(together_);
  for (const ParameterStep& step : together_) count_step(step);
}

//     m ← β₁·m + (1 - β₁)·g
//     v ← β₂·v + (1 - β₂)·g²
//     parameter ← parameter - lr · m/(1 - β₁ᵗ) / (sqrt(v/(1 - β₂ᵗ)) + ε)
// adam_update() computes this in the vectors of autograd/kernels/adam.cpp, and the weight decay of either kind and amsgrad with it.
void AdamBase::update_together(std::span<const ParameterStep> steps) {
  leaves_.clear();
  for (const ParameterStep& step : steps) {
    const AdamOptions& options = options_of(step);
    leaves_.push_back({.leaf = &step.parameter,
                       .gradient = &step.gradient,
                       .moment1 = &step.memory[0],
                       .moment2 = &step.memory[1],
                       .step = step.number,
                       .options = {.learning_rate = step.learning_rate,
                                   .beta1 = options.beta1,
                                   .beta2 = options.beta2,
                                   .epsilon = options.epsilon,
                                   .weight_decay = options.weight_decay,
                                   .decoupled = decoupled_},
                       .moment2_max = options.amsgrad ? &step.memory[2] : nullptr});
  }
  adam_update(leaves_);
}

Adam::Adam(std::vector<Tensor> parameters, const AdamOptions& options, SourceLine line) : AdamBase("Adam", false) {
  add_group(std::move(parameters), options, line);
}

OptimizerFactory adam(const AdamOptions& options) { return make_factory<Adam>("adam", options); }

template class GroupedOptimizer<AdamOptions>;

}  // namespace chainrule::nn
