// RAdam: Adam that omits the adaptive denominator in the first steps, while the variance of its estimate is too large.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of RAdam, with the meaning and defaults they have in torch.optim.RAdam. The symbols are those of the formula of RAdam.
struct RAdamOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// β₁, the decay rate of the first moment m; 0 <= β₁ < 1.
  double beta1 = 0.9;
  /// β₂, the decay rate of the second moment v; 0 <= β₂ < 1.
  double beta2 = 0.999;
  /// ε, added to the denominator for numerical stability; finite and at least 0.
  double epsilon = 1e-8;
  /// The weight decay; decoupled_weight_decay selects how it is applied. Finite and at least 0.
  double weight_decay = 0;
  /// True: uses decoupled weight decay as in AdamW, multiplying the parameter by 1 - lr · weight_decay before the step. False: adds
  /// weight_decay · parameter to the gradient.
  bool decoupled_weight_decay = false;
};

/// The RAdam optimizer (Liu et al., arXiv 1908.03265). With m, v and t as in Adam, each step computes
///
///     ρ∞ = 2/(1 - β₂) - 1
///     ρ = ρ∞ - 2t·β₂ᵗ/(1 - β₂ᵗ)
///     r² = (ρ - 4)(ρ - 2)ρ∞ / ((ρ∞ - 4)(ρ∞ - 2)ρ)
///     parameter ← parameter - lr · m/(1 - β₁ᵗ) · r·sqrt(1 - β₂ᵗ)/(sqrt(v) + ε)   if ρ > 5
///     parameter ← parameter - lr · m/(1 - β₁ᵗ)                                   otherwise
class RAdam : public GroupedOptimizer<RAdamOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit RAdam(std::vector<Tensor> parameters, const RAdamOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const RAdamOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for RAdam with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory radam(const RAdamOptions& options = {});

extern template class GroupedOptimizer<RAdamOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
