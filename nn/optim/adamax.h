// Adamax: Adam with a decaying maximum of the absolute gradient in place of the second moment.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Adamax, with the meaning and defaults they have in torch.optim.Adamax. The symbols are those of the formula of Adamax.
struct AdamaxOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 2e-3;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// β₁, the decay rate of the first moment m; 0 <= β₁ < 1.
  double beta1 = 0.9;
  /// β₂, the decay rate of the maximum u; 0 <= β₂ < 1.
  double beta2 = 0.999;
  /// ε, added to the absolute gradient; finite and at least 0.
  double epsilon = 1e-8;
  /// The factor of the L2 penalty: weight_decay · parameter is added to the gradient. Finite and at least 0.
  double weight_decay = 0;
};

/// The Adamax optimizer (Kingma and Ba, arXiv 1412.6980, section 7.1). With g the gradient and t the number of the step, counted from 1 for
/// each parameter, each step computes
///
///     m ← β₁·m + (1 - β₁)·g
///     u ← max(β₂·u, |g| + ε)
///     parameter ← parameter - lr/(1 - β₁ᵗ) · m / u
class Adamax : public GroupedOptimizer<AdamaxOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit Adamax(std::vector<Tensor> parameters, const AdamaxOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const AdamaxOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for Adamax with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory adamax(const AdamaxOptions& options = {});

extern template class GroupedOptimizer<AdamaxOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
