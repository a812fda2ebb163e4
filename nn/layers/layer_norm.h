// LayerNorm: normalizes each example over its features.
#pragma once

#include <concepts>
#include <memory>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// As those of torch.nn.LayerNorm.
struct LayerNormOptions {
  /// Added to the variance.
  double epsilon = 1e-5;
  /// Whether there are a weight (at first 1) and a bias (at first 0) to train.
  bool affine = true;
};

/// (x - mean) / sqrt(variance + epsilon) · weight + bias, mean and variance being those of the last axes of x, whose sizes are given (Ba et
/// al., arXiv 1607.06450). The same in training and eval.
class LayerNorm : public BuiltIn {
 public:
  using Options = LayerNormOptions;

  /// @throws std::invalid_argument for no size, a size below 1 or an epsilon that is negative.
  explicit LayerNorm(const Shape& sizes, const LayerNormOptions& options = {}, SourceLine line = SourceLine::current());
  /// Over the last axis.
  template <std::integral I>
  explicit LayerNorm(I features, const LayerNormOptions& options = {}, SourceLine line = SourceLine::current())
      : LayerNorm(Shape{features}, options, line) {}

  /// @throws std::invalid_argument for an x that ends in other axes.
  Tensor forward(const Tensor& x) const override;
  void members(Members& visit) override;
  std::string describe() const override;

  /// Undefined without affine.
  const Tensor& weight() const noexcept { return weight_; }
  const Tensor& bias() const noexcept { return bias_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  Shape sizes_;
  double epsilon_;
  Tensor weight_, bias_;
};

}  // namespace chainrule::nn
