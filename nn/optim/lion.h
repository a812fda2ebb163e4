// Lion: steps of one size, by the sign of a momentum.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// The defaults of the paper; PyTorch has none.
struct LionOptions {
  /// The formula's lr, β₁ and β₂.
  double learning_rate = 1e-4;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double beta1 = 0.9;
  double beta2 = 0.99;
  /// The parameter loses this part of itself, times the learning rate, at each step.
  double weight_decay = 0;
};

/// parameter ← parameter - lr·(sign(β₁·m + (1 - β₁)·g) + weight_decay·parameter), then m ← β₂·m + (1 - β₂)·g (Chen et al., arXiv
/// 2302.06675, algorithm 2). sign(0) = 0.
class Lion : public GroupedOptimizer<LionOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit Lion(std::vector<Tensor> parameters, const LionOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const LionOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
};

extern template class GroupedOptimizer<LionOptions>;

}  // namespace chainrule::nn
