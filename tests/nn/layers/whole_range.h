// A check that the layers that normalize share.
#pragma once

#include <utility>

#include "nn/module/module.h"
#include "tests/nn/layers/check_close.h"

namespace chainrule::test {

/// Checks a layer without epsilon over the range of float32: a normalized x does not change with the scale of x, and the gradient of the
/// sum of weights · y is divided by it.
inline void check_whole_range(const nn::Module& norm, const Tensor& x, const Tensor& weights) {
  const auto run = [&](double scale) {
    const Tensor scaled = (x * scale).set_requires_grad(true), y = norm(scaled);
    sum(y * weights).backward();
    return std::pair(y.to_vector<double>(), (scaled.grad() * scale).to_vector<double>());
  };
  const auto [values, gradients] = run(1);
  for (const double scale : {1e25, 1e-25}) {
    const auto [far_values, far_gradients] = run(scale);
    check_close(from_vector(far_values), values, 1e-6);
    check_close(from_vector(far_gradients), gradients, 1e-6);
  }
}

}  // namespace chainrule::test
