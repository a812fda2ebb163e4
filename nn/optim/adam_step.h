// What Adam and AdamW share.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "autograd/ops/update.h"
#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// What the step's memory holds, the last for amsgrad.
inline constexpr std::string_view kAdamMemory[] = {"moment1", "moment2", "moment2_max"};

/// One step on one parameter.
void adam_step_on(const Optimizer::ParameterStep& step, const AdamUpdate& settings, bool amsgrad);

/// Takes all steps; those without amsgrad share their work. settings_of(step) and amsgrad_of(step) tell how, count_step(step) hears of
/// each.
template <class SettingsOf, class AmsgradOf, class Count>
void adam_update_all(std::span<const Optimizer::ParameterStep> steps, SettingsOf settings_of, AmsgradOf amsgrad_of, Count count_step) {
  constexpr std::size_t kAtOnce = 16;  // as many leaves as need no memory of their own
  for (; !steps.empty(); steps = steps.subspan(std::min(kAtOnce, steps.size()))) {
    const auto some = steps.first(std::min(kAtOnce, steps.size()));
    std::array<AdamLeaf, kAtOnce> leaves;
    std::size_t count = 0;
    for (const Optimizer::ParameterStep& step : some) {
      if (amsgrad_of(step)) continue;
      leaves[count++] = {&step.parameter, &step.gradient, &step.memory[0], &step.memory[1], step.number, settings_of(step)};
    }
    adam_update(std::span(leaves.data(), count));
    for (const Optimizer::ParameterStep& step : some)
      if (!amsgrad_of(step)) count_step(step);
    for (const Optimizer::ParameterStep& step : some) {
      if (!amsgrad_of(step)) continue;
      adam_step_on(step, settings_of(step), true);
      count_step(step);
    }
  }
}

}  // namespace chainrule::nn
