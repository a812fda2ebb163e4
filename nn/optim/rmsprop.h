// RMSprop: steps divided by the square root of a running average of the squared gradient.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of RMSprop, with the meaning and defaults they have in torch.optim.RMSprop. The symbols are those of the formula of RMSprop.
struct RMSpropOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1e-2;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// α, the decay rate of the running averages; finite and at least 0.
  double alpha = 0.99;
  /// ε, added to the denominator for numerical stability; finite and at least 0.
  double epsilon = 1e-8;
  /// The factor of the L2 penalty: weight_decay · parameter is added to the gradient. Finite and at least 0.
  double weight_decay = 0;
  /// The factor of the previous step direction b; finite and at least 0.
  double momentum = 0;
  /// True: the denominator uses the estimated variance v - a² of the gradient instead of v.
  bool centered = false;
};

/// The RMSprop optimizer (Tieleman and Hinton, lecture 6.5 of Neural Networks for Machine Learning, 2012). With g the gradient, each step
/// computes
///
///     v ← α·v + (1 - α)·g²
///     d = g / (sqrt(v) + ε)
///     b ← momentum·b + d
///     parameter ← parameter - lr·b
///
/// With `centered`, each step also computes a ← α·a + (1 - α)·g, and v - a² replaces v in the formula of d.
class RMSprop : public GroupedOptimizer<RMSpropOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit RMSprop(std::vector<Tensor> parameters, const RMSpropOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const RMSpropOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for RMSprop with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are
/// checked when the optimizer is made.
OptimizerFactory rmsprop(const RMSpropOptions& options = {});

extern template class GroupedOptimizer<RMSpropOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
