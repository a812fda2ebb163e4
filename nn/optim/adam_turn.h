// What Adam and AdamW share. Internal.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "autograd/ops/update.h"
#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// What the turn's memory holds, the last for amsgrad.
inline constexpr std::string_view kAdamMemory[] = {"moment1", "moment2", "moment2_max"};

/// One step on one parameter.
void adam_turn(const Optimizer::Turn& turn, const AdamUpdate& pass, bool amsgrad);

/// Takes all turns; those without amsgrad share their work. pass_of(turn) and amsgrad_of(turn) tell how, took(turn) hears of each.
template <class PassOf, class AmsgradOf, class Took>
void adam_turns(std::span<const Optimizer::Turn> turns, PassOf pass_of, AmsgradOf amsgrad_of, Took took) {
  constexpr std::size_t kAtOnce = 16;  // as many leaves as need no memory of their own
  for (; !turns.empty(); turns = turns.subspan(std::min(kAtOnce, turns.size()))) {
    const auto some = turns.first(std::min(kAtOnce, turns.size()));
    std::array<AdamLeaf, kAtOnce> leaves;
    std::size_t count = 0;
    for (const Optimizer::Turn& turn : some) {
      if (amsgrad_of(turn)) continue;
      leaves[count++] = {&turn.parameter, &turn.gradient, &turn.memory[0], &turn.memory[1], turn.step, pass_of(turn)};
    }
    adam_update(std::span(leaves.data(), count));
    for (const Optimizer::Turn& turn : some)
      if (!amsgrad_of(turn)) took(turn);
    for (const Optimizer::Turn& turn : some) {
      if (!amsgrad_of(turn)) continue;
      adam_turn(turn, pass_of(turn), true);
      took(turn);
    }
  }
}

}  // namespace chainrule::nn
