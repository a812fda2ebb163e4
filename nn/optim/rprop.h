// Rprop: steps of a size of its own for each element, from the signs of its gradients.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Rprop, with the meaning and defaults that lr, etas and step_sizes have in torch.optim.Rprop. The symbols are those of the
/// formula of Rprop.
struct RpropOptions {
  /// The learning rate lr, the size of the first step; finite and at least 0.
  double learning_rate = 1e-2;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// η⁻, the factor of a step whose gradient has changed its sign; 0 < η⁻ < 1.
  double eta_minus = 0.5;
  /// η⁺, the factor of a step whose gradient has kept its sign; finite and above 1.
  double eta_plus = 1.2;
  /// The smallest step; finite and at least 0.
  double step_min = 1e-6;
  /// The largest step; finite and at least step_min.
  double step_max = 50;
};

/// The Rprop optimizer (Riedmiller and Braun, ICNN 1993), meant for training with all examples in a batch. With g the gradient of an
/// element and Δ its step, which is lr at first, each step computes
///
///     if g·g_before > 0: Δ ← min(η⁺·Δ, step_max)
///     if g·g_before < 0: Δ ← max(η⁻·Δ, step_min) and g ← 0
///     parameter ← parameter - sign(g)·Δ
///     g_before ← g
class Rprop : public GroupedOptimizer<RpropOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit Rprop(std::vector<Tensor> parameters, const RpropOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const RpropOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for Rprop with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory rprop(const RpropOptions& options = {});

extern template class GroupedOptimizer<RpropOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
