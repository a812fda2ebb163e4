// Adagrad: steps divided by the square root of the sum of all squared gradients so far.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Adagrad, with the meaning and defaults they have in torch.optim.Adagrad. The symbols are those of the formula of Adagrad.
struct AdagradOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1e-2;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// At step t, counted from 1, the learning rate is divided by 1 + (t - 1)·lr_decay. Finite and at least 0.
  double lr_decay = 0;
  /// The factor of the L2 penalty: weight_decay · parameter is added to the gradient. Finite and at least 0.
  double weight_decay = 0;
  /// The initial value of s; finite and at least 0.
  double initial_accumulator_value = 0;
  /// ε, added to the denominator for numerical stability; finite and at least 0.
  double epsilon = 1e-10;
};

/// The Adagrad optimizer (Duchi et al., JMLR 12, 2011). With g the gradient and t the number of the step, counted from 1 for each
/// parameter, each step computes
///
///     s ← s + g²
///     parameter ← parameter - lr/(1 + (t - 1)·lr_decay) · g / (sqrt(s) + ε)
class Adagrad : public GroupedOptimizer<AdagradOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit Adagrad(std::vector<Tensor> parameters, const AdagradOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const AdagradOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for Adagrad with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are
/// checked when the optimizer is made.
OptimizerFactory adagrad(const AdagradOptions& options = {});

extern template class GroupedOptimizer<AdagradOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
