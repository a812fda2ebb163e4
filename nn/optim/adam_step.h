// The step that Adam and AdamW share.
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

/// The names of the state Tensors; the last one is used with amsgrad only.
inline constexpr std::string_view kAdamMemory[] = {"moment1", "moment2", "moment2_max"};

/// Takes one step on one parameter.
void adam_step_on(const Optimizer::ParameterStep& step, const AdamUpdate& settings, bool amsgrad);

/// Takes all steps. Those without amsgrad are processed together, in one parallel loop. settings_of(step) and amsgrad_of(step) return the
/// settings of a step; count_step(step) is called after each.
template <class SettingsOf, class AmsgradOf, class Count>
void adam_update_all(std::span<const Optimizer::ParameterStep> steps, SettingsOf settings_of, AmsgradOf amsgrad_of, Count count_step) {
  constexpr std::size_t kAtOnce = 16;  // steps that are processed together, without allocating memory
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
