#include "nn/layers/activations.h"

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "nn/module/config.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

int axis_in(const Config& config) { return static_cast<int>(config.integer("axis", -Shape::kMaxRank, Shape::kMaxRank - 1)); }

}  // namespace

Tensor OpLayer::forward(const Tensor& x) const { return op_(x); }
std::string OpLayer::describe() const { return name_; }

ReLU::ReLU() noexcept : PlainLayer(relu, "ReLU") {}
ReLU6::ReLU6() noexcept : PlainLayer(relu6, "ReLU6") {}
SELU::SELU() noexcept : PlainLayer(selu, "SELU") {}
GELU::GELU() noexcept : PlainLayer(gelu, "GELU") {}
GELUTanh::GELUTanh() noexcept : PlainLayer(gelu_tanh, "GELUTanh") {}
SiLU::SiLU() noexcept : PlainLayer(silu, "SiLU") {}
Mish::Mish() noexcept : PlainLayer(mish, "Mish") {}
Sigmoid::Sigmoid() noexcept : PlainLayer(sigmoid, "Sigmoid") {}
LogSigmoid::LogSigmoid() noexcept : PlainLayer(log_sigmoid, "LogSigmoid") {}
Tanh::Tanh() noexcept : PlainLayer(tanh, "Tanh") {}
Softsign::Softsign() noexcept : PlainLayer(softsign, "Softsign") {}
Hardsigmoid::Hardsigmoid() noexcept : PlainLayer(hardsigmoid, "Hardsigmoid") {}
Hardswish::Hardswish() noexcept : PlainLayer(hardswish, "Hardswish") {}

Tensor LeakyReLU::forward(const Tensor& x) const { return leaky_relu(x, negative_slope_); }
std::string LeakyReLU::describe() const { return text("LeakyReLU ", negative_slope_); }
void LeakyReLU::config(Config& config) const { config.set("negative_slope", negative_slope_); }
LeakyReLU LeakyReLU::from_config(const Config& config) { return LeakyReLU(config.number("negative_slope")); }

Tensor ELU::forward(const Tensor& x) const { return elu(x, alpha_); }
std::string ELU::describe() const { return text("ELU ", alpha_); }
void ELU::config(Config& config) const { config.set("alpha", alpha_); }
ELU ELU::from_config(const Config& config) { return ELU(config.number("alpha")); }

Tensor CELU::forward(const Tensor& x) const { return celu(x, alpha_); }
std::string CELU::describe() const { return text("CELU ", alpha_); }
void CELU::config(Config& config) const { config.set("alpha", alpha_); }
CELU CELU::from_config(const Config& config) { return CELU(config.number("alpha")); }

Tensor Softplus::forward(const Tensor& x) const { return softplus(x, beta_, threshold_); }
std::string Softplus::describe() const { return beta_ == 1 ? "Softplus" : text("Softplus, beta ", beta_); }
void Softplus::config(Config& config) const { config.set("beta", beta_).set("threshold", threshold_); }
Softplus Softplus::from_config(const Config& config) {
  const double beta = config.number("beta"), threshold = config.number("threshold");
  return Softplus(beta, threshold);
}

Tensor Hardtanh::forward(const Tensor& x) const { return hardtanh(x, low_, high_); }
std::string Hardtanh::describe() const { return text("Hardtanh ", low_, " to ", high_); }
void Hardtanh::config(Config& config) const { config.set("low", low_).set("high", high_); }
Hardtanh Hardtanh::from_config(const Config& config) {
  const double low = config.number("low"), high = config.number("high");
  return Hardtanh(low, high);
}

Tensor GLU::forward(const Tensor& x) const { return glu(x, axis_); }
std::string GLU::describe() const { return text("GLU over axis ", axis_); }
void GLU::config(Config& config) const { config.set("axis", axis_); }
GLU GLU::from_config(const Config& config) { return GLU(axis_in(config)); }

Tensor Softmax::forward(const Tensor& x) const { return softmax(x, axis_); }
std::string Softmax::describe() const { return text("Softmax over axis ", axis_); }
void Softmax::config(Config& config) const { config.set("axis", axis_); }
Softmax Softmax::from_config(const Config& config) { return Softmax(axis_in(config)); }

Tensor LogSoftmax::forward(const Tensor& x) const { return log_softmax(x, axis_); }
std::string LogSoftmax::describe() const { return text("LogSoftmax over axis ", axis_); }
void LogSoftmax::config(Config& config) const { config.set("axis", axis_); }
LogSoftmax LogSoftmax::from_config(const Config& config) { return LogSoftmax(axis_in(config)); }

PReLU::PReLU(Dim channels, double slope, SourceLine line) {
  if (channels < 1) throw_invalid("PReLU", text("channels is ", static_cast<std::int64_t>(channels), ", expected at least 1"), line);
  claim_parameters("PReLU", {channels}, 1, line);
  weight_ = full({channels}, slope, default_dtype(), line).set_requires_grad(true, line);
}

Tensor PReLU::forward(const Tensor& x) const { return prelu(x, weight_); }
void PReLU::members(Members& visit) { visit("weight", weight_); }
std::string PReLU::describe() const { return text("PReLU ", weight_.numel()); }
void PReLU::config(Config& config) const { config.set("channels", weight_.numel()); }
PReLU PReLU::from_config(const Config& config) { return PReLU(config.integer("channels")); }

}  // namespace chainrule::nn
