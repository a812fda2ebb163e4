// Adagrad: steps divided by the root of the sum of all squared gradients.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.Adagrad.
struct AdagradOptions {
  /// The formula's lr.
  double learning_rate = 1e-2;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  /// The learning rate of step t (from 1) is divided by 1 + (t - 1)·lr_decay.
  double lr_decay = 0;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
  double initial_accumulator_value = 0;
  double epsilon = 1e-10;
};

/// s ← s + g²; parameter ← parameter - lr/(1 + (t - 1)·lr_decay) · g / (sqrt(s) + ε), t counting the parameter's steps (Duchi et al.,
/// JMLR 12, 2011).
class Adagrad : public GroupedOptimizer<AdagradOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit Adagrad(std::vector<Tensor> parameters, const AdagradOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const AdagradOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
};

extern template class GroupedOptimizer<AdagradOptions>;

}  // namespace chainrule::nn
