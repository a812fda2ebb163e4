// NAdam: Adam with Nesterov momentum.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.NAdam.
struct NAdamOptions {
  /// The formula's lr, β₁, β₂ and ε.
  double learning_rate = 2e-3;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
  double momentum_decay = 4e-3;
  /// Takes lr·weight_decay of the parameter from it before the step, as AdamW, instead of adding to the gradient.
  bool decoupled_weight_decay = false;
};

/// m and v as Adam; μₜ = β₁·(1 - 0.96^(t·momentum_decay)/2), Mₜ = μ₁·...·μₜ; parameter ← parameter - lr · ((1 - μₜ)/(1 - Mₜ)·g +
/// μₜ₊₁/(1 - Mₜ·μₜ·μₜ₊₁)·m) / (sqrt(v/(1 - β₂ᵗ)) + ε) (Dozat, Incorporating Nesterov Momentum into Adam, 2016, whose divisor of m is
/// 1 - Mₜ·μₜ₊₁: the second μₜ is PyTorch 1.13's).
class NAdam : public GroupedOptimizer<NAdamOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit NAdam(std::vector<Tensor> parameters, const NAdamOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const NAdamOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;

 private:
  // M of a parameter's last step; found again from the step number after load_state().
  struct Product {
    std::int64_t step = 0;
    double value = 1;
  };

  static double momentum(const NAdamOptions& options, std::int64_t step);
  double momentum_product(const ParameterStep& step);

  std::vector<Product> products_;
};

extern template class GroupedOptimizer<NAdamOptions>;

}  // namespace chainrule::nn
