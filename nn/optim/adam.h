// Adam: steps scaled by running averages of each gradient and of its square.
#pragma once

#include <span>

#include "autograd/ops/update.h"
#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.Adam.
struct AdamOptions {
  /// The formula's lr, β₁, β₂ and ε.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
  /// Divides by the root of the largest v so far.
  bool amsgrad = false;
};

/// m ← β₁·m + (1 - β₁)·g, v ← β₂·v + (1 - β₂)·g²; parameter ← parameter - lr · m/(1 - β₁ᵗ) / (sqrt(v/(1 - β₂ᵗ)) + ε), t counting the
/// parameter's steps (Kingma and Ba, arXiv 1412.6980; amsgrad: Reddi et al., arXiv 1904.09237).
class Adam : public GroupedOptimizer<AdamOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit Adam(std::vector<Tensor> parameters, const AdamOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const AdamOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
  void update_all(std::span<const ParameterStep> steps) override;

 private:
  AdamUpdate settings_of(const ParameterStep& step) const noexcept;
};

extern template class GroupedOptimizer<AdamOptions>;

}  // namespace chainrule::nn
