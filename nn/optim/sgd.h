// SGD: stochastic gradient descent with momentum.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.SGD.
struct SGDOptions {
  /// The formula's lr, momentum and dampening.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double momentum = 0;
  double dampening = 0;
  /// Added to the gradient, times the parameter.
  double weight_decay = 0;
  bool nesterov = false;
};

/// b ← momentum·b + (1 - dampening)·g, at first b ← g; parameter ← parameter - lr·b, or - lr·(g + momentum·b) for nesterov; without
/// momentum parameter ← parameter - lr·g.
class SGD : public GroupedOptimizer<SGDOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range; nesterov needs a momentum and no
  /// dampening.
  explicit SGD(std::vector<Tensor> parameters, const SGDOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const SGDOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
};

extern template class GroupedOptimizer<SGDOptions>;

}  // namespace chainrule::nn
