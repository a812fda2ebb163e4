// A run of a few steps on three numbers, which tests/reference/losses_and_optimizers.py makes too.
#pragma once

#include <cmath>
#include <vector>

#include "autograd/autograd.h"
#include "nn/optim/optimizer.h"
#include "tests/nn/layers/check_close.h"

namespace chainrule::test {

// Steps first to last (from 0) of the script's run.
inline void run(nn::Optimizer& optimizer, int first, int last) {
  Tensor parameter = optimizer.parameters()[0];
  const Tensor base = tensor({0.1, -0.3, 0.2}, DType::float64);
  for (int step = first; step <= last; ++step) {
    parameter.set_grad((base * std::cos(step) + parameter / 10).detach());
    optimizer.step();
  }
}

inline Tensor start() { return variable({1, -2, 0.5}, DType::float64); }

template <class Optimizer>
void check_run(const typename Optimizer::Options& options, const std::vector<double>& after_1, const std::vector<double>& after_5) {
  const Tensor parameter = start();
  Optimizer optimizer({parameter}, options);
  run(optimizer, 0, 0);
  check_close(parameter, after_1);
  run(optimizer, 1, 4);
  check_close(parameter, after_5);
}

}  // namespace chainrule::test
