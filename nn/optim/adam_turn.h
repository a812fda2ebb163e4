// What Adam and AdamW share. Internal.
#pragma once

#include <string_view>

#include "autograd/update.h"
#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// What the turn's memory holds, the last for amsgrad.
inline constexpr std::string_view kAdamMemory[] = {"moment1", "moment2", "moment2_max"};

/// One step on one parameter.
void adam_turn(const Optimizer::Turn& turn, const AdamUpdate& pass, bool amsgrad);

}  // namespace chainrule::nn
