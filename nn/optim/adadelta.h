// Adadelta: steps in the unit of the parameter, scaled by running averages of squared gradients and of squared steps.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Adadelta, with the meaning and defaults they have in torch.optim.Adadelta. The symbols are those of the formula of Adadelta.
struct AdadeltaOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// ρ, the decay rate of both running averages; from 0 to 1.
  double rho = 0.9;
  /// ε, added under both square roots; finite and at least 0.
  double epsilon = 1e-6;
  /// The factor of the L2 penalty: weight_decay · parameter is added to the gradient. Finite and at least 0.
  double weight_decay = 0;
};

/// The Adadelta optimizer (Zeiler, arXiv 1212.5701). With g the gradient, each step computes
///
///     v ← ρ·v + (1 - ρ)·g²
///     d = sqrt(u + ε) / sqrt(v + ε) · g
///     u ← ρ·u + (1 - ρ)·d²
///     parameter ← parameter - lr·d
class Adadelta : public GroupedOptimizer<AdadeltaOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit Adadelta(std::vector<Tensor> parameters, const AdadeltaOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const AdadeltaOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for Adadelta with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are
/// checked when the optimizer is made.
OptimizerFactory adadelta(const AdadeltaOptions& options = {});

extern template class GroupedOptimizer<AdadeltaOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
