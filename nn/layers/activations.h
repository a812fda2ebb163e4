// The activation functions as layers: ReLU, GELU, Softmax, ... Each layer calls the op of the same name, whose documentation states the
// derivative at kinks. (For the activation option of other layers, see nn/layers/activation.h.)
#pragma once

#include <string>

#include "autograd/base/shape.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Base class of activation layers without options: calls an op of one Tensor.
class OpLayer : public BuiltIn {
 public:
  /// Returns op(x), of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns the name of the layer, such as "ReLU".
  std::string describe() const override;

 protected:
  /// The type of the op.
  using Op = Tensor (*)(const TensorArg& x);

  /// `name` must live as long as the program.
  OpLayer(Op op, const char* name) noexcept : op_(op), name_(name) {}
  /// Layers can be moved, but not copied.
  OpLayer(OpLayer&&) noexcept = default;
  /// Assigns another layer. Protected, because otherwise one kind of layer could be assigned to another.
  OpLayer& operator=(OpLayer&&) noexcept = default;

 private:
  Op op_;
  const char* name_;
};

/// Computes max(x, 0); see cr::relu.
class ReLU : public PlainLayer<ReLU, OpLayer> {
 public:
  /// The layer has no options.
  ReLU() noexcept;
};

/// Computes min(max(x, 0), 6); see cr::relu6.
class ReLU6 : public PlainLayer<ReLU6, OpLayer> {
 public:
  /// The layer has no options.
  ReLU6() noexcept;
};

/// Computes scale · elu(x, alpha) with the constants of self-normalizing networks; see cr::selu.
class SELU : public PlainLayer<SELU, OpLayer> {
 public:
  /// The layer has no options.
  SELU() noexcept;
};

/// Computes x · Φ(x), where Φ is the cumulative distribution function of the standard normal distribution; see cr::gelu.
class GELU : public PlainLayer<GELU, OpLayer> {
 public:
  /// The layer has no options.
  GELU() noexcept;
};

/// Computes the tanh approximation of GELU, as torch.nn.GELU(approximate="tanh"); see cr::gelu_tanh.
class GELUTanh : public PlainLayer<GELUTanh, OpLayer> {
 public:
  /// The layer has no options.
  GELUTanh() noexcept;
};

/// Computes x · sigmoid(x); see cr::silu.
class SiLU : public PlainLayer<SiLU, OpLayer> {
 public:
  /// The layer has no options.
  SiLU() noexcept;
};

/// Computes x · tanh(softplus(x)); see cr::mish.
class Mish : public PlainLayer<Mish, OpLayer> {
 public:
  /// The layer has no options.
  Mish() noexcept;
};

/// Computes 1 / (1 + exp(-x)); see cr::sigmoid.
class Sigmoid : public PlainLayer<Sigmoid, OpLayer> {
 public:
  /// The layer has no options.
  Sigmoid() noexcept;
};

/// Computes log(sigmoid(x)) without overflow; see cr::log_sigmoid.
class LogSigmoid : public PlainLayer<LogSigmoid, OpLayer> {
 public:
  /// The layer has no options.
  LogSigmoid() noexcept;
};

/// Computes tanh(x); see cr::tanh.
class Tanh : public PlainLayer<Tanh, OpLayer> {
 public:
  /// The layer has no options.
  Tanh() noexcept;
};

/// Computes x / (1 + |x|); see cr::softsign.
class Softsign : public PlainLayer<Softsign, OpLayer> {
 public:
  /// The layer has no options.
  Softsign() noexcept;
};

/// Computes min(max(x + 3, 0), 6) / 6; see cr::hardsigmoid.
class Hardsigmoid : public PlainLayer<Hardsigmoid, OpLayer> {
 public:
  /// The layer has no options.
  Hardsigmoid() noexcept;
};

/// Computes x · hardsigmoid(x); see cr::hardswish.
class Hardswish : public PlainLayer<Hardswish, OpLayer> {
 public:
  /// The layer has no options.
  Hardswish() noexcept;
};

/// Computes x if x > 0, otherwise negative_slope · x; see cr::leaky_relu.
class LeakyReLU : public BuiltInLayer<LeakyReLU> {
 public:
  /// `negative_slope` is the slope for x < 0.
  explicit LeakyReLU(double negative_slope = 0.01) noexcept : negative_slope_(negative_slope) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static LeakyReLU from_config(const Config& config);
  /// Returns the activation of x, of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "LeakyReLU 0.01".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  double negative_slope_;
};

/// Computes x if x > 0, otherwise alpha · (exp(x) - 1); see cr::elu.
class ELU : public BuiltInLayer<ELU> {
 public:
  /// The output approaches -alpha for x → -∞.
  explicit ELU(double alpha = 1) noexcept : alpha_(alpha) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static ELU from_config(const Config& config);
  /// Returns the activation of x, of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "ELU 1".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  double alpha_;
};

/// Computes x if x > 0, otherwise alpha · (exp(x / alpha) - 1); see cr::celu.
class CELU : public BuiltInLayer<CELU> {
 public:
  /// The output approaches -alpha for x → -∞. forward() throws std::invalid_argument if alpha is 0 or NaN.
  explicit CELU(double alpha = 1) noexcept : alpha_(alpha) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static CELU from_config(const Config& config);
  /// Returns the activation of x, of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "CELU 1".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  double alpha_;
};

/// Computes log(1 + exp(beta · x)) / beta, a smooth form of ReLU; see cr::softplus.
class Softplus : public BuiltInLayer<Softplus> {
 public:
  /// Where beta · x exceeds `threshold`, the output is x itself. forward() throws std::invalid_argument if beta is 0 or NaN.
  explicit Softplus(double beta = 1, double threshold = 20) noexcept : beta_(beta), threshold_(threshold) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Softplus from_config(const Config& config);
  /// Returns the activation of x, of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "Softplus, beta 2".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  double beta_, threshold_;
};

/// Computes min(max(x, low), high); see cr::hardtanh.
class Hardtanh : public BuiltInLayer<Hardtanh> {
 public:
  /// Limits x to [low, high]. forward() throws std::invalid_argument unless low <= high.
  explicit Hardtanh(double low = -1, double high = 1) noexcept : low_(low), high_(high) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Hardtanh from_config(const Config& config);
  /// Returns the activation of x, of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "Hardtanh -1 to 1".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  double low_, high_;
};

/// Computes the first half of an axis, multiplied by the sigmoid of the second half; see cr::glu.
class GLU : public BuiltInLayer<GLU> {
 public:
  /// `axis` is the axis to split, counted from the end if negative. Counting includes the batch axis.
  explicit GLU(int axis = -1) noexcept : axis_(axis) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static GLU from_config(const Config& config);
  /// Returns a Tensor whose shape is that of x, except that the axis has half the size.
  /// @throws std::invalid_argument if the size of the axis is odd.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "GLU over axis -1".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  int axis_;
};

/// Computes exp(x) / Σ exp(x) along an axis; see cr::softmax. Do not use it before the loss cross_entropy, which expects logits.
class Softmax : public BuiltInLayer<Softmax> {
 public:
  /// `axis` is the axis along which the outputs add up to 1, counted from the end if negative. Counting includes the batch axis.
  explicit Softmax(int axis = -1) noexcept : axis_(axis) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Softmax from_config(const Config& config);
  /// Returns the softmax of x, with the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "Softmax over axis -1".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  int axis_;
};

/// Computes log(softmax(x)) along an axis; see cr::log_softmax. Use it with the loss nll_loss, not with cross_entropy, which expects
/// logits.
class LogSoftmax : public BuiltInLayer<LogSoftmax> {
 public:
  /// `axis` is the axis along which the exponentials of the outputs add up to 1, counted from the end if negative. Counting includes the
  /// batch axis.
  explicit LogSoftmax(int axis = -1) noexcept : axis_(axis) {}
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static LogSoftmax from_config(const Config& config);
  /// Returns the logarithm of the softmax of x, of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "LogSoftmax over axis -1".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  int axis_;
};

/// Computes x if x > 0, otherwise weight · x, with a trainable weight: either one for all elements or one per channel (position along axis
/// 1); see cr::prelu.
class PReLU : public BuiltInLayer<PReLU> {
 public:
  /// `channels` is the number of weights; 1 means a single weight for all elements. `slope` is their initial value.
  /// @throws std::invalid_argument for channels < 1.
  explicit PReLU(Dim channels = 1, double slope = 0.25, SourceLine line = SourceLine::current());
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static PReLU from_config(const Config& config);
  /// Returns the activation of x, of the shape of x.
  /// @throws std::invalid_argument if there are several weights and the size of axis 1 of x differs from their number.
  Tensor forward(const Tensor& x) const override;
  /// Reports the parameter "weight".
  void members(Members& visit) override;
  /// Returns a description such as "PReLU 1".
  std::string describe() const override;

  /// Returns the weight, [channels].
  const Tensor& weight() const noexcept { return weight_; }

 private:
  void config(Config& config) const override;

  Tensor weight_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
