// What every loss ends with: its reduction.
// Internal header: not installed.
#pragma once

#include "autograd/ops/reduce.h"
#include "nn/losses/losses.h"

namespace chainrule::nn {

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
