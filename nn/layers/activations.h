// The activations as layers.
#pragma once

#include <memory>
#include <string>

#include "autograd/base/shape.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// An op of one Tensor as a layer.
class OpLayer : public BuiltIn {
 public:
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 protected:
  using Op = Tensor (*)(const TensorArg& x);

  /// The name lives as long as the program.
  OpLayer(Op op, const char* name) noexcept : op_(op), name_(name) {}
  OpLayer(OpLayer&&) noexcept = default;
  OpLayer& operator=(OpLayer&&) noexcept = default;  // of one kind of layer to another: not for users

 private:
  Op op_;
  const char* name_;
};

/// cr::relu.
class ReLU : public OpLayer {
 public:
  ReLU() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::relu6.
class ReLU6 : public OpLayer {
 public:
  ReLU6() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::selu.
class SELU : public OpLayer {
 public:
  SELU() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::gelu.
class GELU : public OpLayer {
 public:
  GELU() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::gelu_tanh.
class GELUTanh : public OpLayer {
 public:
  GELUTanh() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::silu.
class SiLU : public OpLayer {
 public:
  SiLU() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::mish.
class Mish : public OpLayer {
 public:
  Mish() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::sigmoid.
class Sigmoid : public OpLayer {
 public:
  Sigmoid() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::log_sigmoid.
class LogSigmoid : public OpLayer {
 public:
  LogSigmoid() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::tanh.
class Tanh : public OpLayer {
 public:
  Tanh() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::softsign.
class Softsign : public OpLayer {
 public:
  Softsign() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::hardsigmoid.
class Hardsigmoid : public OpLayer {
 public:
  Hardsigmoid() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::hardswish.
class Hardswish : public OpLayer {
 public:
  Hardswish() noexcept;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

/// cr::leaky_relu.
class LeakyReLU : public BuiltIn {
 public:
  /// `negative_slope` is the slope below 0.
  explicit LeakyReLU(double negative_slope = 0.01) noexcept : negative_slope_(negative_slope) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  double negative_slope_;
};

/// cr::elu.
class ELU : public BuiltIn {
 public:
  /// -alpha is where it ends below 0.
  explicit ELU(double alpha = 1) noexcept : alpha_(alpha) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  double alpha_;
};

/// cr::celu.
class CELU : public BuiltIn {
 public:
  /// -alpha is where it ends below 0.
  explicit CELU(double alpha = 1) noexcept : alpha_(alpha) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  double alpha_;
};

/// cr::softplus.
class Softplus : public BuiltIn {
 public:
  /// log(1 + exp(beta·x)) / beta, x itself where beta·x is above the threshold.
  explicit Softplus(double beta = 1, double threshold = 20) noexcept : beta_(beta), threshold_(threshold) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  double beta_, threshold_;
};

/// cr::hardtanh.
class Hardtanh : public BuiltIn {
 public:
  /// Clamps to [low, high].
  explicit Hardtanh(double low = -1, double high = 1) noexcept : low_(low), high_(high) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  double low_, high_;
};

/// cr::glu: halves an axis.
class GLU : public BuiltIn {
 public:
  /// The axis to halve; negative: from the end.
  explicit GLU(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  int axis_;
};

/// cr::softmax. Not before cross_entropy, which takes logits.
class Softmax : public BuiltIn {
 public:
  /// The axis that adds up to 1; negative: from the end.
  explicit Softmax(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  int axis_;
};

/// cr::log_softmax. Not before cross_entropy, which takes logits.
class LogSoftmax : public BuiltIn {
 public:
  /// The axis whose exponentials add up to 1; negative: from the end.
  explicit LogSoftmax(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  int axis_;
};

/// cr::prelu with a weight [channels] that is trained, at first `slope`: one for all elements, or one for each of axis 1.
class PReLU : public BuiltIn {
 public:
  /// @throws std::invalid_argument for channels below 1.
  explicit PReLU(Dim channels = 1, double slope = 0.25, SourceLine line = SourceLine::current());
  Tensor forward(const Tensor& x) const override;
  void members(Members& visit) override;
  std::string describe() const override;

  /// [channels].
  const Tensor& weight() const noexcept { return weight_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  Tensor weight_;
};

}  // namespace chainrule::nn
