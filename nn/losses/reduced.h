// The reduction at the end of every loss function.
// Internal header: not installed.
#pragma once

#include "autograd/ops/reduce.h"
#include "nn/losses/losses.h"

namespace chainrule::nn {

/// Returns the losses after the reduction.
inline Tensor reduced(const Tensor& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::mean:
      return mean(losses);
    case Reduction::sum:
      return sum(losses);
    case Reduction::none:
      break;
  }
  return losses;
}

}  // namespace chainrule::nn
