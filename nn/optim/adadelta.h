// Adadelta: steps in the parameter's own unit, by running averages of squared gradients and squared steps.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.Adadelta.
struct AdadeltaOptions {
  /// The formula's lr, ρ and ε.
  double learning_rate = 1;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double rho = 0.9;
  double epsilon = 1e-6;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
};

/// v ← ρ·v + (1 - ρ)·g²; d = sqrt(u + ε) / sqrt(v + ε) · g; u ← ρ·u + (1 - ρ)·d²; parameter ← parameter - lr·d (Zeiler, arXiv 1212.5701).
class Adadelta : public GroupedOptimizer<AdadeltaOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit Adadelta(std::vector<Tensor> parameters, const AdadeltaOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const AdadeltaOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
};

extern template class GroupedOptimizer<AdadeltaOptions>;

}  // namespace chainrule::nn
