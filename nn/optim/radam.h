// RAdam: Adam whose first steps, of uncertain variance, are plain momentum.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.RAdam.
struct RAdamOptions {
  /// The formula's lr, β₁, β₂ and ε.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
  /// Takes lr·weight_decay of the parameter from it before the step, as AdamW, instead of adding to the gradient.
  bool decoupled_weight_decay = false;
};

/// m and v as Adam; ρ∞ = 2/(1 - β₂) - 1, ρ = ρ∞ - 2t·β₂ᵗ/(1 - β₂ᵗ); parameter ← parameter - lr · m/(1 - β₁ᵗ) · r·sqrt(1 - β₂ᵗ)/(sqrt(v) +
/// ε), r² = (ρ - 4)(ρ - 2)ρ∞ / ((ρ∞ - 4)(ρ∞ - 2)ρ), and without what follows m/(1 - β₁ᵗ) while ρ <= 5 (Liu et al., arXiv 1908.03265).
class RAdam : public GroupedOptimizer<RAdamOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit RAdam(std::vector<Tensor> parameters, const RAdamOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const RAdamOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
};

extern template class GroupedOptimizer<RAdamOptions>;

}  // namespace chainrule::nn
