// The activations as layers.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"
#include "autograd/shape.h"
#include "nn/module.h"

namespace chainrule::nn {

/// Text as a template argument.
template <std::size_t n>
struct LayerName {
  /// The letters and a 0 after them.
  constexpr LayerName(const char (&letters)[n]) noexcept {
    for (std::size_t i = 0; i < n; ++i) text[i] = letters[i];
  }
  char text[n];
};

/// An op of one Tensor as a layer.
template <Tensor (*op)(const TensorArg&), LayerName name>
class OpLayer : public BuiltIn<OpLayer<op, name>> {
 public:
  OpLayer();
  OpLayer(OpLayer&&) noexcept;
  OpLayer& operator=(OpLayer&&) noexcept;
  ~OpLayer() override;

  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner&) const override;
};

// Not inline, so that a user's file has no code for those of the library, which activations.cpp instantiates.
template <Tensor (*op)(const TensorArg&), LayerName name>
OpLayer<op, name>::OpLayer() = default;
template <Tensor (*op)(const TensorArg&), LayerName name>
OpLayer<op, name>::OpLayer(OpLayer&&) noexcept = default;
template <Tensor (*op)(const TensorArg&), LayerName name>
OpLayer<op, name>& OpLayer<op, name>::operator=(OpLayer&&) noexcept = default;
template <Tensor (*op)(const TensorArg&), LayerName name>
OpLayer<op, name>::~OpLayer() = default;
template <Tensor (*op)(const TensorArg&), LayerName name>
Tensor OpLayer<op, name>::forward(const Tensor& x) const {
  return op(x);
}
template <Tensor (*op)(const TensorArg&), LayerName name>
std::string OpLayer<op, name>::describe() const {
  return name.text;
}
template <Tensor (*op)(const TensorArg&), LayerName name>
std::shared_ptr<Module> OpLayer<op, name>::copy_structure(Cloner&) const {
  return std::shared_ptr<Module>(static_cast<Module*>(new OpLayer()));  // one kind of pointer for all, so less code
}

/// The ops of these names, which take nothing but x.
using ReLU = OpLayer<relu, "ReLU">;
using ReLU6 = OpLayer<relu6, "ReLU6">;
using SELU = OpLayer<selu, "SELU">;
using GELU = OpLayer<gelu, "GELU">;
using GELUTanh = OpLayer<gelu_tanh, "GELUTanh">;
using SiLU = OpLayer<silu, "SiLU">;
using Mish = OpLayer<mish, "Mish">;
using Sigmoid = OpLayer<sigmoid, "Sigmoid">;
using LogSigmoid = OpLayer<log_sigmoid, "LogSigmoid">;
using Tanh = OpLayer<tanh, "Tanh">;
using Softsign = OpLayer<softsign, "Softsign">;
using Hardsigmoid = OpLayer<hardsigmoid, "Hardsigmoid">;
using Hardswish = OpLayer<hardswish, "Hardswish">;

extern template class OpLayer<relu, "ReLU">;
extern template class OpLayer<relu6, "ReLU6">;
extern template class OpLayer<selu, "SELU">;
extern template class OpLayer<gelu, "GELU">;
extern template class OpLayer<gelu_tanh, "GELUTanh">;
extern template class OpLayer<silu, "SiLU">;
extern template class OpLayer<mish, "Mish">;
extern template class OpLayer<sigmoid, "Sigmoid">;
extern template class OpLayer<log_sigmoid, "LogSigmoid">;
extern template class OpLayer<tanh, "Tanh">;
extern template class OpLayer<softsign, "Softsign">;
extern template class OpLayer<hardsigmoid, "Hardsigmoid">;
extern template class OpLayer<hardswish, "Hardswish">;

/// cr::leaky_relu.
class LeakyReLU : public BuiltIn<LeakyReLU> {
 public:
  /// `negative_slope` is the slope below 0.
  explicit LeakyReLU(double negative_slope = 0.01) noexcept : negative_slope_(negative_slope) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  double negative_slope_;
};

/// cr::elu.
class ELU : public BuiltIn<ELU> {
 public:
  /// -alpha is where it ends below 0.
  explicit ELU(double alpha = 1) noexcept : alpha_(alpha) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  double alpha_;
};

/// cr::celu.
class CELU : public BuiltIn<CELU> {
 public:
  /// -alpha is where it ends below 0.
  explicit CELU(double alpha = 1) noexcept : alpha_(alpha) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  double alpha_;
};

/// cr::softplus.
class Softplus : public BuiltIn<Softplus> {
 public:
  /// log(1 + exp(beta·x)) / beta, x itself where beta·x is above the threshold.
  explicit Softplus(double beta = 1, double threshold = 20) noexcept : beta_(beta), threshold_(threshold) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  double beta_, threshold_;
};

/// cr::hardtanh.
class Hardtanh : public BuiltIn<Hardtanh> {
 public:
  /// Clamps to [low, high].
  explicit Hardtanh(double low = -1, double high = 1) noexcept : low_(low), high_(high) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  double low_, high_;
};

/// cr::glu: halves an axis.
class GLU : public BuiltIn<GLU> {
 public:
  /// The axis to halve; negative: from the end.
  explicit GLU(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  int axis_;
};

/// cr::softmax. Not before cross_entropy, which takes logits.
class Softmax : public BuiltIn<Softmax> {
 public:
  /// The axis that adds up to 1; negative: from the end.
  explicit Softmax(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  int axis_;
};

/// cr::log_softmax. Not before cross_entropy, which takes logits.
class LogSoftmax : public BuiltIn<LogSoftmax> {
 public:
  /// The axis whose exponentials add up to 1; negative: from the end.
  explicit LogSoftmax(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;

  int axis_;
};

/// cr::prelu with a weight [channels] that is trained, at first `slope`: one for all elements, or one for each of axis 1.
class PReLU : public BuiltIn<PReLU> {
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
  void config(Config& config) const override;

  Tensor weight_;
};

}  // namespace chainrule::nn
