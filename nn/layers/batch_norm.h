// BatchNorm: normalizes each feature over the examples of a batch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// As those of torch.nn.BatchNorm1d.
struct BatchNormOptions {
  /// How much of a batch's statistics goes into the running ones.
  double momentum = 0.1;
  /// Added to the variance.
  double epsilon = 1e-5;
  /// Whether there are a weight (at first 1) and a bias (at first 0) to train.
  bool affine = true;
};

/// (x - mean) / sqrt(variance + epsilon) · weight + bias for x [n, features] (Ioffe and Szegedy, arXiv 1502.03167), as PyTorch's
/// BatchNorm1d. In training mean and variance are the batch's, the variance divided by n, and a call moves the buffers running_mean and
/// running_var (divided by n - 1) towards them: calls in training belong to one thread at a time. In eval they are the buffers' and a call
/// writes nothing.
class BatchNorm : public BuiltIn {
 public:
  using Options = BatchNormOptions;

  /// @throws std::invalid_argument for features below 1, a momentum outside 0 to 1 or an epsilon that is negative.
  explicit BatchNorm(Dim features, const BatchNormOptions& options = {}, SourceLine line = SourceLine::current());

  /// @throws std::invalid_argument for another shape, and in training for fewer than 2 examples.
  Tensor forward(const Tensor& x) const override;
  void members(Members& visit) override;
  std::string describe() const override;

  /// Undefined without affine.
  const Tensor& weight() const noexcept { return weight_; }
  const Tensor& bias() const noexcept { return bias_; }
  const Tensor& running_mean() const noexcept { return running_mean_; }
  const Tensor& running_var() const noexcept { return running_var_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;
  Tensor train_on(const Tensor& x) const;

  std::int64_t features_;
  double momentum_, epsilon_;
  Tensor weight_, bias_, running_mean_, running_var_;
};

/// Same as BatchNorm, by PyTorch's name.
using BatchNorm1d = BatchNorm;

}  // namespace chainrule::nn
