// RMSprop: steps divided by the root of a running average of the squared gradient.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.RMSprop.
struct RMSpropOptions {
  /// The formula's lr, α and ε.
  double learning_rate = 1e-2;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double alpha = 0.99;
  double epsilon = 1e-8;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
  double momentum = 0;
  /// Divides by the root of the estimated variance instead.
  bool centered = false;
};

/// v ← α·v + (1 - α)·g²; d = g / (sqrt(v) + ε), with v - a², a ← α·a + (1 - α)·g, for v where centered; b ← momentum·b + d;
/// parameter ← parameter - lr·b (Tieleman and Hinton, lecture 6.5 of Neural Networks for Machine Learning, 2012).
class RMSprop : public GroupedOptimizer<RMSpropOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit RMSprop(std::vector<Tensor> parameters, const RMSpropOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const RMSpropOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
};

extern template class GroupedOptimizer<RMSpropOptions>;

}  // namespace chainrule::nn
