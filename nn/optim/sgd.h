// SGD: stochastic gradient descent with optional momentum.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of SGD, with the meaning they have in torch.optim.SGD. The symbols are those of the formula of SGD.
struct SGDOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// The factor of the previous step direction b; finite and at least 0.
  double momentum = 0;
  /// Reduces the weight of the gradient in b; finite.
  double dampening = 0;
  /// The factor of the L2 penalty: weight_decay · parameter is added to the gradient. Finite and at least 0.
  double weight_decay = 0;
  /// Uses Nesterov momentum. Requires momentum > 0 and dampening = 0.
  bool nesterov = false;
};

/// Stochastic gradient descent. With g the gradient, each step computes
///
///     without momentum:        parameter ← parameter - lr·g
///     with momentum:           b ← momentum·b + (1 - dampening)·g, parameter ← parameter - lr·b
///     with Nesterov momentum:  b ← momentum·b + (1 - dampening)·g, parameter ← parameter - lr·(g + momentum·b)
///
/// At the first step, b ← g.
class SGD : public GroupedOptimizer<SGDOptions> {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit SGD(std::vector<Tensor> parameters, const SGDOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const SGDOptions& options, const SourceLine& line) const override;
  /// Changes one parameter as described above.
  void update(const ParameterStep& step) override;
};

/// Returns a factory for SGD with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory sgd(const SGDOptions& options = {});

extern template class GroupedOptimizer<SGDOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
