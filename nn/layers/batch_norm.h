// BatchNorm: normalizes each feature over the examples of a batch.
#pragma once

#include <cstdint>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of BatchNorm, with the meaning they have in torch.nn.BatchNorm1d.
struct BatchNormOptions {
  /// The weight of a batch's statistics in the running statistics: running ← (1 - momentum) · running + momentum · batch. From 0 to 1.
  double momentum = 0.1;
  /// Added to the variance before the square root; 0 or more. With 0, a constant feature becomes 0.
  double epsilon = 1e-5;
  /// Whether the layer has a trainable weight (initially 1) and a trainable bias (initially 0).
  bool affine = true;
};

/// Computes (x - mean) / sqrt(variance + epsilon) · weight + bias for x [n, features], as torch.nn.BatchNorm1d (Ioffe and Szegedy, arXiv
/// 1502.03167).
///
/// In training mode, mean and variance are those of the batch, with divisor n for the variance. A call also updates the buffers
/// running_mean and running_var; the variance that goes into running_var has the divisor n - 1. For this reason only one thread at a time
/// may call the layer in training mode.
///
/// In evaluation mode, mean and variance are the running statistics, and a call changes nothing.
class BatchNorm : public BuiltInLayer<BatchNorm> {
 public:
  /// The type of the constructor's options.
  using Options = BatchNormOptions;

  /// Makes a layer for inputs [n, features].
  /// @throws std::invalid_argument for features < 1, a momentum outside [0, 1], or a negative epsilon.
  explicit BatchNorm(Dim features, const BatchNormOptions& options = {}, SourceLine line = SourceLine::current());
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static BatchNorm from_config(const Config& config);

  /// Returns the normalized x, [n, features].
  /// @throws std::invalid_argument for another shape, and in training mode for fewer than 2 examples.
  Tensor forward(const Tensor& x) const override;
  /// Reports the parameters "weight" and "bias" and the buffers "running_mean" and "running_var".
  void members(Members& visit) override;
  /// Returns a description such as "BatchNorm 64".
  std::string describe() const override;

  /// Returns the weight, [features]; undefined if `affine` is false.
  const Tensor& weight() const noexcept { return weight_; }
  /// Returns the bias, [features]; undefined if `affine` is false.
  const Tensor& bias() const noexcept { return bias_; }
  /// Returns the running mean, [features], initially 0.
  const Tensor& running_mean() const noexcept { return running_mean_; }
  /// Returns the running variance, [features], initially 1.
  const Tensor& running_var() const noexcept { return running_var_; }

 private:
  void config(Config& config) const override;
  Tensor train_on(const Tensor& x) const;

  std::int64_t features_;
  double momentum_, epsilon_;
  Tensor weight_, bias_, running_mean_, running_var_;
};

/// Same as BatchNorm, under PyTorch's name.
using BatchNorm1d = BatchNorm;

}  // namespace chainrule::nn
#pragma GCC visibility pop
