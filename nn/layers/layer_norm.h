// LayerNorm: normalizes each example over its features.
#pragma once

#include <concepts>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of LayerNorm: `eps` and `elementwise_affine` of torch.nn.LayerNorm.
struct LayerNormOptions {
  /// Added to the variance before the square root; 0 or more. With 0, equal elements become 0.
  double epsilon = 1e-5;
  /// Whether the layer has a trainable weight (initially 1) and a trainable bias (initially 0).
  bool affine = true;
};

/// Computes (x - mean) / sqrt(variance + epsilon) · weight + bias (Ba et al., arXiv 1607.06450). The mean and the variance are computed
/// over the last axes of x; the variance is divided by the number of elements, not by one less. The layer behaves the same in training and
/// evaluation mode.
class LayerNorm : public BuiltInLayer<LayerNorm> {
 public:
  /// The type of the constructor's options.
  using Options = LayerNormOptions;

  /// Makes a layer that normalizes over the last axes, which must have these sizes.
  /// @throws std::invalid_argument for no sizes, a size below 1, or a negative epsilon.
  explicit LayerNorm(const Shape& sizes, const LayerNormOptions& options = {}, SourceLine line = SourceLine::current());
  /// Makes a layer that normalizes over the last axis, which must have this size.
  /// @throws std::invalid_argument for features < 1 or a negative epsilon.
  template <std::integral I>
  explicit LayerNorm(I features, const LayerNormOptions& options = {}, SourceLine line = SourceLine::current())
      : LayerNorm(Shape{features}, options, line) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static LayerNorm from_config(const Config& config);

  /// Returns the normalized x, with the shape of x.
  /// @throws std::invalid_argument if the sizes of the last axes of x differ from these.
  Tensor forward(const Tensor& x) const override;
  /// Reports the parameters "weight" and "bias", if `affine` is true.
  void members(Members& visit) override;
  /// Returns a description such as "LayerNorm 64".
  std::string describe() const override;

  /// Returns the weight, of shape `sizes`; undefined if `affine` is false.
  const Tensor& weight() const noexcept { return weight_; }
  /// Returns the bias, of shape `sizes`; undefined if `affine` is false.
  const Tensor& bias() const noexcept { return bias_; }

 private:
  void config(Config& config) const override;

  Shape sizes_;
  double epsilon_;
  Tensor weight_, bias_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
