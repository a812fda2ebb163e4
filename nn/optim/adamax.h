// Adamax: Adam with a decaying maximum in place of the second moment.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.Adamax.
struct AdamaxOptions {
  /// The formula's lr, β₁, β₂ and ε.
  double learning_rate = 2e-3;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
};

/// m ← β₁·m + (1 - β₁)·g, u ← max(β₂·u, |g| + ε); parameter ← parameter - lr/(1 - β₁ᵗ) · m / u (Kingma and Ba, arXiv 1412.6980,
/// section 7.1).
class Adamax : public GroupedOptimizer<AdamaxOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit Adamax(std::vector<Tensor> parameters, const AdamaxOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const AdamaxOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
};

extern template class GroupedOptimizer<AdamaxOptions>;

}  // namespace chainrule::nn
