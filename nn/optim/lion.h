// Lion: steps of equal size in the direction of the sign of a momentum.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Lion, with the defaults of the paper (PyTorch has no Lion). The symbols are those of the formula of Lion.
struct LionOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1e-4;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// β₁, the weight of the momentum in the step; 0 <= β₁ < 1.
  double beta1 = 0.9;
  /// β₂, the decay rate of the momentum; 0 <= β₂ < 1.
  double beta2 = 0.99;
  /// Decoupled weight decay: at each step lr · weight_decay · parameter is subtracted from the parameter. Finite and at least 0.
  double weight_decay = 0;
};

/// The Lion optimizer (Chen et al., arXiv 2302.06675, algorithm 2). With g the gradient and sign(0) = 0, each step computes
///
///     parameter ← parameter - lr·(sign(β₁·m + (1 - β₁)·g) + weight_decay·parameter)
///     m ← β₂·m + (1 - β₂)·g
class Lion : public GroupedOptimizer<LionOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit Lion(std::vector<Tensor> parameters, const LionOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const LionOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for Lion with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory lion(const LionOptions& options = {});

extern template class GroupedOptimizer<LionOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
