// AdamW: Adam with weight decay apart from the gradient.
#pragma once

#include <span>

#include "autograd/ops/update.h"
#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// As torch.optim.AdamW.
struct AdamWOptions {
  /// The formula's lr, β₁, β₂ and ε.
  double learning_rate = 1e-3;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// The parameter loses this part of itself, times the learning rate, before each step.
  double weight_decay = 1e-2;
  /// Divides by the root of the largest v so far.
  bool amsgrad = false;
};

/// parameter ← parameter·(1 - lr·weight_decay), then as Adam (Loshchilov and Hutter, arXiv 1711.05101).
class AdamW : public GroupedOptimizer<AdamWOptions> {
 public:
  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit AdamW(std::vector<Tensor> parameters, const AdamWOptions& options = {}, SourceLine line = SourceLine::current());

 protected:
  void check(const AdamWOptions& options, const SourceLine& line) const override;
  void update(const ParameterStep& step) override;
  void update_all(std::span<const ParameterStep> steps) override;

 private:
  AdamUpdate settings_of(const ParameterStep& step) const noexcept;
};

extern template class GroupedOptimizer<AdamWOptions>;

}  // namespace chainrule::nn
