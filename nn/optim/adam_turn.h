// One step of Adam on one parameter, for Adam and AdamW. Internal.
#pragma once

#include "autograd/update.h"
#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// The turn's memory is moment1, moment2 and, for amsgrad, the largest moment2.
void adam_turn(const Optimizer::Turn& turn, const AdamUpdate& pass, bool amsgrad);

}  // namespace chainrule::nn
