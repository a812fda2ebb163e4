#include "nn/layers/activations.h"

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "nn/module/config.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Tensor OpLayer::forward(const Tensor& x) const { return op_(x); }
std::string OpLayer::describe() const { return name_; }

ReLU::ReLU() noexcept : OpLayer(relu, "ReLU") {}
std::shared_ptr<Module> ReLU::copy_structure(Cloner&) const { return own(new ReLU()); }
std::shared_ptr<Module> ReLU::moved() { return own(new ReLU(std::move(*this))); }

ReLU6::ReLU6() noexcept : OpLayer(relu6, "ReLU6") {}
std::shared_ptr<Module> ReLU6::copy_structure(Cloner&) const { return own(new ReLU6()); }
std::shared_ptr<Module> ReLU6::moved() { return own(new ReLU6(std::move(*this))); }

SELU::SELU() noexcept : OpLayer(selu, "SELU") {}
std::shared_ptr<Module> SELU::copy_structure(Cloner&) const { return own(new SELU()); }
std::shared_ptr<Module> SELU::moved() { return own(new SELU(std::move(*this))); }

GELU::GELU() noexcept : OpLayer(gelu, "GELU") {}
std::shared_ptr<Module> GELU::copy_structure(Cloner&) const { return own(new GELU()); }
std::shared_ptr<Module> GELU::moved() { return own(new GELU(std::move(*this))); }

GELUTanh::GELUTanh() noexcept : OpLayer(gelu_tanh, "GELUTanh") {}
std::shared_ptr<Module> GELUTanh::copy_structure(Cloner&) const { return own(new GELUTanh()); }
std::shared_ptr<Module> GELUTanh::moved() { return own(new GELUTanh(std::move(*this))); }

SiLU::SiLU() noexcept : OpLayer(silu, "SiLU") {}
std::shared_ptr<Module> SiLU::copy_structure(Cloner&) const { return own(new SiLU()); }
std::shared_ptr<Module> SiLU::moved() { return own(new SiLU(std::move(*this))); }

Mish::Mish() noexcept : OpLayer(mish, "Mish") {}
std::shared_ptr<Module> Mish::copy_structure(Cloner&) const { return own(new Mish()); }
std::shared_ptr<Module> Mish::moved() { return own(new Mish(std::move(*this))); }

Sigmoid::Sigmoid() noexcept : OpLayer(sigmoid, "Sigmoid") {}
std::shared_ptr<Module> Sigmoid::copy_structure(Cloner&) const { return own(new Sigmoid()); }
std::shared_ptr<Module> Sigmoid::moved() { return own(new Sigmoid(std::move(*this))); }

LogSigmoid::LogSigmoid() noexcept : OpLayer(log_sigmoid, "LogSigmoid") {}
std::shared_ptr<Module> LogSigmoid::copy_structure(Cloner&) const { return own(new LogSigmoid()); }
std::shared_ptr<Module> LogSigmoid::moved() { return own(new LogSigmoid(std::move(*this))); }

Tanh::Tanh() noexcept : OpLayer(tanh, "Tanh") {}
std::shared_ptr<Module> Tanh::copy_structure(Cloner&) const { return own(new Tanh()); }
std::shared_ptr<Module> Tanh::moved() { return own(new Tanh(std::move(*this))); }

Softsign::Softsign() noexcept : OpLayer(softsign, "Softsign") {}
std::shared_ptr<Module> Softsign::copy_structure(Cloner&) const { return own(new Softsign()); }
std::shared_ptr<Module> Softsign::moved() { return own(new Softsign(std::move(*this))); }

Hardsigmoid::Hardsigmoid() noexcept : OpLayer(hardsigmoid, "Hardsigmoid") {}
std::shared_ptr<Module> Hardsigmoid::copy_structure(Cloner&) const { return own(new Hardsigmoid()); }
std::shared_ptr<Module> Hardsigmoid::moved() { return own(new Hardsigmoid(std::move(*this))); }

Hardswish::Hardswish() noexcept : OpLayer(hardswish, "Hardswish") {}
std::shared_ptr<Module> Hardswish::copy_structure(Cloner&) const { return own(new Hardswish()); }
std::shared_ptr<Module> Hardswish::moved() { return own(new Hardswish(std::move(*this))); }

Tensor LeakyReLU::forward(const Tensor& x) const { return leaky_relu(x, negative_slope_); }
std::string LeakyReLU::describe() const { return text("LeakyReLU ", negative_slope_); }
std::shared_ptr<Module> LeakyReLU::copy_structure(Cloner&) const { return own(new LeakyReLU(negative_slope_)); }
std::shared_ptr<Module> LeakyReLU::moved() { return own(new LeakyReLU(std::move(*this))); }
void LeakyReLU::config(Config& config) const { config.set("negative_slope", negative_slope_); }

Tensor ELU::forward(const Tensor& x) const { return elu(x, alpha_); }
std::string ELU::describe() const { return text("ELU ", alpha_); }
std::shared_ptr<Module> ELU::copy_structure(Cloner&) const { return own(new ELU(alpha_)); }
std::shared_ptr<Module> ELU::moved() { return own(new ELU(std::move(*this))); }
void ELU::config(Config& config) const { config.set("alpha", alpha_); }

Tensor CELU::forward(const Tensor& x) const { return celu(x, alpha_); }
std::string CELU::describe() const { return text("CELU ", alpha_); }
std::shared_ptr<Module> CELU::copy_structure(Cloner&) const { return own(new CELU(alpha_)); }
std::shared_ptr<Module> CELU::moved() { return own(new CELU(std::move(*this))); }
void CELU::config(Config& config) const { config.set("alpha", alpha_); }

Tensor Softplus::forward(const Tensor& x) const { return softplus(x, beta_, threshold_); }
std::string Softplus::describe() const { return beta_ == 1 ? "Softplus" : text("Softplus, beta ", beta_); }
std::shared_ptr<Module> Softplus::copy_structure(Cloner&) const { return own(new Softplus(beta_, threshold_)); }
std::shared_ptr<Module> Softplus::moved() { return own(new Softplus(std::move(*this))); }
void Softplus::config(Config& config) const { config.set("beta", beta_).set("threshold", threshold_); }

Tensor Hardtanh::forward(const Tensor& x) const { return hardtanh(x, low_, high_); }
std::string Hardtanh::describe() const { return text("Hardtanh ", low_, " to ", high_); }
std::shared_ptr<Module> Hardtanh::copy_structure(Cloner&) const { return own(new Hardtanh(low_, high_)); }
std::shared_ptr<Module> Hardtanh::moved() { return own(new Hardtanh(std::move(*this))); }
void Hardtanh::config(Config& config) const { config.set("low", low_).set("high", high_); }

Tensor GLU::forward(const Tensor& x) const { return glu(x, axis_); }
std::string GLU::describe() const { return text("GLU over axis ", axis_); }
std::shared_ptr<Module> GLU::copy_structure(Cloner&) const { return own(new GLU(axis_)); }
std::shared_ptr<Module> GLU::moved() { return own(new GLU(std::move(*this))); }
void GLU::config(Config& config) const { config.set("axis", axis_); }

Tensor Softmax::forward(const Tensor& x) const { return softmax(x, axis_); }
std::string Softmax::describe() const { return text("Softmax over axis ", axis_); }
std::shared_ptr<Module> Softmax::copy_structure(Cloner&) const { return own(new Softmax(axis_)); }
std::shared_ptr<Module> Softmax::moved() { return own(new Softmax(std::move(*this))); }
void Softmax::config(Config& config) const { config.set("axis", axis_); }

Tensor LogSoftmax::forward(const Tensor& x) const { return log_softmax(x, axis_); }
std::string LogSoftmax::describe() const { return text("LogSoftmax over axis ", axis_); }
std::shared_ptr<Module> LogSoftmax::copy_structure(Cloner&) const { return own(new LogSoftmax(axis_)); }
std::shared_ptr<Module> LogSoftmax::moved() { return own(new LogSoftmax(std::move(*this))); }
void LogSoftmax::config(Config& config) const { config.set("axis", axis_); }

PReLU::PReLU(Dim channels, double slope, SourceLine line) {
  if (channels < 1) throw_invalid("PReLU", text("channels is ", static_cast<std::int64_t>(channels), ", expected at least 1"), line);
  claim_parameters("PReLU", {channels}, 1, line);
  weight_ = full({channels}, slope, default_dtype(), line).set_requires_grad(true, line);
}

Tensor PReLU::forward(const Tensor& x) const { return prelu(x, weight_); }
void PReLU::members(Members& visit) { visit("weight", weight_); }
std::string PReLU::describe() const { return text("PReLU ", weight_.numel()); }
std::shared_ptr<Module> PReLU::copy_structure(Cloner&) const { return own(new PReLU()); }
std::shared_ptr<Module> PReLU::moved() { return own(new PReLU(std::move(*this))); }
void PReLU::config(Config& config) const { config.set("channels", weight_.numel()); }

}  // namespace chainrule::nn
