// NAdam: Adam with Nesterov momentum.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of NAdam, with the meaning and defaults they have in torch.optim.NAdam. The symbols are those of the formula of NAdam.
struct NAdamOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 2e-3;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// β₁, the decay rate of the first moment m; 0 <= β₁ < 1.
  double beta1 = 0.9;
  /// β₂, the decay rate of the second moment v; 0 <= β₂ < 1.
  double beta2 = 0.999;
  /// ε, added to the denominator for numerical stability; finite and at least 0.
  double epsilon = 1e-8;
  /// The weight decay; decoupled_weight_decay selects how it is applied. Finite and at least 0.
  double weight_decay = 0;
  /// The exponent factor in the schedule of μₜ; finite and at least 0.
  double momentum_decay = 4e-3;
  /// True: uses decoupled weight decay as in AdamW, multiplying the parameter by 1 - lr · weight_decay before the step. False: adds
  /// weight_decay · parameter to the gradient.
  bool decoupled_weight_decay = false;
};

/// The NAdam optimizer (Dozat, Incorporating Nesterov Momentum into Adam, 2016). With m, v, g and t as in Adam, each step computes
///
///     μₜ = β₁·(1 - 0.96^(t·momentum_decay)/2), Mₜ = μ₁·...·μₜ
///     parameter ← parameter - lr · ((1 - μₜ)/(1 - Mₜ)·g + μₜ₊₁/(1 - Mₜ·μₜ·μₜ₊₁)·m) / (sqrt(v/(1 - β₂ᵗ)) + ε)
///
/// In the paper, the divisor of m is 1 - Mₜ·μₜ₊₁; the additional factor μₜ is that of PyTorch 1.13.
class NAdam : public GroupedOptimizer<NAdamOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit NAdam(std::vector<Tensor> parameters, const NAdamOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const NAdamOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;

 private:
  // The product M of the last step of a parameter. After load_state() it is computed again from the number of steps.
  struct Product {
    std::int64_t step = 0;
    double value = 1;
  };

  static double momentum(const NAdamOptions& options, std::int64_t step);
  double momentum_product(const ParameterStep& step);

  std::vector<Product> products_;
};

/// Returns a factory for NAdam with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory nadam(const NAdamOptions& options = {});

extern template class GroupedOptimizer<NAdamOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
