// Adam: steps scaled by running averages of each gradient and of its square.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.Adam.
struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
};

/// m ← β₁·m + (1 - β₁)·g, v ← β₂·v + (1 - β₂)·g²; parameter ← parameter - lr · m/(1 - β₁ᵗ) / (sqrt(v/(1 - β₂ᵗ)) + ε), t counting the
/// parameter's steps (Kingma and Ba, arXiv 1412.6980).
class Adam : public Optimizer {
 public:
  using Options = AdamOptions;

  /// @throws std::invalid_argument as Optimizer, and for an option out of its range.
  explicit Adam(std::vector<Tensor> parameters, const AdamOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void update(Tensor& parameter, const Tensor& gradient, std::span<Tensor> memory, std::int64_t step) override;

 private:
  AdamOptions options_;
};

}  // namespace chainrule::nn
