// Adam: steps scaled by running averages of the gradient and of its square.
#pragma once

#include <span>
#include <vector>

#include "autograd/ops/update.h"
#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Adam, with the meaning and defaults they have in torch.optim.Adam. The symbols are those of the formula of Adam.
struct AdamOptions {
  /// The learning rate lr; finite and at least 0.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// β₁, the decay rate of the first moment m; 0 <= β₁ < 1.
  double beta1 = 0.9;
  /// β₂, the decay rate of the second moment v; 0 <= β₂ < 1.
  double beta2 = 0.999;
  /// ε, added to the denominator for numerical stability; finite and at least 0.
  double epsilon = 1e-8;
  /// The factor of the L2 penalty: weight_decay · parameter is added to the gradient. Finite and at least 0.
  double weight_decay = 0;
  /// True: the denominator uses the largest v so far instead of v.
  bool amsgrad = false;
};

/// The base class of Adam and AdamW. It changes all parameters in one parallel loop, unless a derived class overrides update().
class AdamBase : public GroupedOptimizer<AdamOptions> {
 protected:
  /// Constructor for derived classes; see Optimizer. `decoupled` selects the weight decay of AdamW instead of the L2 penalty.
  AdamBase(const char* name, bool decoupled) noexcept;

  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  void check(const AdamOptions& options, const SourceLine& line) const override;
  /// Calls update() for each step. An update() of a derived class changes its parameter at once; parameters without one are collected and
  /// changed together.
  void update_all(std::span<const ParameterStep> steps) override;
  /// Changes these parameters in one parallel loop.
  void update_together(std::span<const ParameterStep> steps);

 private:
  // Only update_all() reaches this, and only if no derived class overrides it: Adam::update() hides it on purpose.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverloaded-virtual"
  void update(const ParameterStep& step) override { together_.push_back(step); }
#pragma GCC diagnostic pop

  bool decoupled_;
  std::vector<ParameterStep> together_;
  std::vector<AdamLeaf> leaves_;
};

/// The Adam optimizer (Kingma and Ba, arXiv 1412.6980; amsgrad: Reddi et al., arXiv 1904.09237). With g the gradient and t the number of
/// the step, counted from 1 for each parameter, each step computes
///
///     m ← β₁·m + (1 - β₁)·g
///     v ← β₂·v + (1 - β₂)·g²
///     parameter ← parameter - lr · m/(1 - β₁ᵗ) / (sqrt(v/(1 - β₂ᵗ)) + ε)
class Adam : public AdamBase {
 public:
  /// Makes an optimizer for these parameters. Use add_group() to add parameters with other options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit Adam(std::vector<Tensor> parameters, const AdamOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  /// Constructor for derived classes; see AdamBase.
  Adam(const char* name, bool decoupled) noexcept : AdamBase(name, decoupled) {}

  /// Changes one parameter at once. An update() of a derived class, which overrides Optimizer::update(), can call it as Adam::update(step).
  /// It is a template so that it overrides nothing itself: the parameters of a plain Adam are changed together.
  template <class = void>
  void update(const ParameterStep& step) {
    update_together({&step, 1});
  }
};

/// Returns a factory for Adam with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory adam(const AdamOptions& options = {});

extern template class GroupedOptimizer<AdamOptions>;

}  // namespace chainrule::nn
#pragma GCC visibility pop
