// AdamW: Adam with weight decay that is decoupled from the gradient.
#pragma once

#include <vector>

#include "nn/optim/adam.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of AdamW, with the meaning and defaults they have in torch.optim.AdamW. The symbols are those of the formula of AdamW.
struct AdamWOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// β₁, the decay rate of the first moment m; 0 <= β₁ < 1.
  double beta1 = 0.9;
  /// β₂, the decay rate of the second moment v; 0 <= β₂ < 1.
  double beta2 = 0.999;
  /// ε, added to the denominator for numerical stability; finite and at least 0.
  double epsilon = 1e-8;
  /// Decoupled weight decay: at each step the parameter is first multiplied by 1 - lr · weight_decay. Finite and at least 0.
  double weight_decay = 1e-2;
  /// True: the denominator uses the largest v so far instead of v.
  bool amsgrad = false;
};

/// The AdamW optimizer (Loshchilov and Hutter, arXiv 1711.05101). Each step computes
///
///     parameter ← parameter·(1 - lr·weight_decay)
///
/// and then takes a step of Adam without weight decay.
class AdamW : public Adam {
 public:
  /// The type of the options of a group.
  using Options = AdamWOptions;

  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit AdamW(std::vector<Tensor> parameters, const AdamWOptions& options = {}, SourceLine line = SourceLine::current());

  /// Adds a group of parameters with separate options.
  /// @throws std::invalid_argument as the constructor, also if a parameter occurs in another group.
  void add_group(std::vector<Tensor> parameters, const AdamWOptions& options, SourceLine line = SourceLine::current());
};

/// Returns a factory for AdamW with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory adamw(const AdamWOptions& options = {});

}  // namespace chainrule::nn
#pragma GCC visibility pop
