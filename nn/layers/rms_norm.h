// RMSNorm: divides each example by the root mean square of its features.
#pragma once

#include <concepts>
#include <optional>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of RMSNorm: `eps` and `elementwise_affine` of torch.nn.RMSNorm.
struct RMSNormOptions {
  /// Added to the mean square before the square root; 0 or more. With 0, zeros stay 0. Empty: the machine epsilon of the dtype of
  /// x, 1.19e-7 for float32 and 2.22e-16 for float64.
  std::optional<double> epsilon = {};
  /// Whether the layer has a trainable weight (initially 1).
  bool affine = true;
};

/// Computes x / sqrt(mean(x²) + epsilon) · weight (Zhang and Sennrich, arXiv 1910.07467). The mean is computed over the last axes of x. The
/// layer behaves the same in training and evaluation mode.
class RMSNorm : public BuiltInLayer<RMSNorm> {
 public:
  /// The type of the constructor's options.
  using Options = RMSNormOptions;

  /// Makes a layer that normalizes over the last axes, which must have these sizes.
  /// @throws std::invalid_argument for no sizes, a size below 1, or a negative epsilon.
  explicit RMSNorm(const Shape& sizes, const RMSNormOptions& options = {}, SourceLine line = SourceLine::current());
  /// Makes a layer that normalizes over the last axis, which must have this size.
  /// @throws std::invalid_argument for features < 1 or a negative epsilon.
  template <std::integral I>
  explicit RMSNorm(I features, const RMSNormOptions& options = {}, SourceLine line = SourceLine::current())
      : RMSNorm(Shape{features}, options, line) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static RMSNorm from_config(const Config& config);

  /// Returns the normalized x, with the shape of x.
  /// @throws std::invalid_argument if the sizes of the last axes of x differ from these.
  Tensor forward(const Tensor& x) const override;
  /// Reports the parameter "weight", if `affine` is true.
  void members(Members& visit) override;
  /// Returns a description such as "RMSNorm 64".
  std::string describe() const override;

  /// Returns the weight, of shape `sizes`; undefined if `affine` is false.
  const Tensor& weight() const noexcept { return weight_; }

 private:
  void config(Config& config) const override;

  Shape sizes_;
  std::optional<double> epsilon_;
  Tensor weight_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
