#include "nn/layers/activations.h"

#include "autograd/check.h"
#include "autograd/ops/create.h"
#include "nn/config.h"
#include "nn/parameter_budget.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

template class OpLayer<relu, "ReLU">;
template class OpLayer<relu6, "ReLU6">;
template class OpLayer<selu, "SELU">;
template class OpLayer<gelu, "GELU">;
template class OpLayer<gelu_tanh, "GELUTanh">;
template class OpLayer<silu, "SiLU">;
template class OpLayer<mish, "Mish">;
template class OpLayer<sigmoid, "Sigmoid">;
template class OpLayer<log_sigmoid, "LogSigmoid">;
template class OpLayer<tanh, "Tanh">;
template class OpLayer<softsign, "Softsign">;
template class OpLayer<hardsigmoid, "Hardsigmoid">;
template class OpLayer<hardswish, "Hardswish">;

Tensor LeakyReLU::forward(const Tensor& x) const { return leaky_relu(x, negative_slope_); }
std::string LeakyReLU::describe() const { return text("LeakyReLU ", negative_slope_); }
std::shared_ptr<Module> LeakyReLU::copy_structure(Cloner&) const { return std::make_shared<LeakyReLU>(negative_slope_); }
void LeakyReLU::config(Config& config) const { config.set("negative_slope", negative_slope_); }

Tensor ELU::forward(const Tensor& x) const { return elu(x, alpha_); }
std::string ELU::describe() const { return text("ELU ", alpha_); }
std::shared_ptr<Module> ELU::copy_structure(Cloner&) const { return std::make_shared<ELU>(alpha_); }
void ELU::config(Config& config) const { config.set("alpha", alpha_); }

Tensor CELU::forward(const Tensor& x) const { return celu(x, alpha_); }
std::string CELU::describe() const { return text("CELU ", alpha_); }
std::shared_ptr<Module> CELU::copy_structure(Cloner&) const { return std::make_shared<CELU>(alpha_); }
void CELU::config(Config& config) const { config.set("alpha", alpha_); }

Tensor Softplus::forward(const Tensor& x) const { return softplus(x, beta_, threshold_); }
std::string Softplus::describe() const { return beta_ == 1 ? "Softplus" : text("Softplus, beta ", beta_); }
std::shared_ptr<Module> Softplus::copy_structure(Cloner&) const { return std::make_shared<Softplus>(beta_, threshold_); }
void Softplus::config(Config& config) const { config.set("beta", beta_).set("threshold", threshold_); }

Tensor Hardtanh::forward(const Tensor& x) const { return hardtanh(x, low_, high_); }
std::string Hardtanh::describe() const { return text("Hardtanh ", low_, " to ", high_); }
std::shared_ptr<Module> Hardtanh::copy_structure(Cloner&) const { return std::make_shared<Hardtanh>(low_, high_); }
void Hardtanh::config(Config& config) const { config.set("low", low_).set("high", high_); }

Tensor GLU::forward(const Tensor& x) const { return glu(x, axis_); }
std::string GLU::describe() const { return text("GLU over axis ", axis_); }
std::shared_ptr<Module> GLU::copy_structure(Cloner&) const { return std::make_shared<GLU>(axis_); }
void GLU::config(Config& config) const { config.set("axis", axis_); }

Tensor Softmax::forward(const Tensor& x) const { return softmax(x, axis_); }
std::string Softmax::describe() const { return text("Softmax over axis ", axis_); }
std::shared_ptr<Module> Softmax::copy_structure(Cloner&) const { return std::make_shared<Softmax>(axis_); }
void Softmax::config(Config& config) const { config.set("axis", axis_); }

Tensor LogSoftmax::forward(const Tensor& x) const { return log_softmax(x, axis_); }
std::string LogSoftmax::describe() const { return text("LogSoftmax over axis ", axis_); }
std::shared_ptr<Module> LogSoftmax::copy_structure(Cloner&) const { return std::make_shared<LogSoftmax>(axis_); }
void LogSoftmax::config(Config& config) const { config.set("axis", axis_); }

PReLU::PReLU(Dim channels, double slope, SourceLine line) {
  if (channels < 1) throw_invalid("PReLU", text("channels is ", static_cast<std::int64_t>(channels), ", expected at least 1"), line);
  claim_parameters("PReLU", {channels}, 1, line);
  weight_ = full({channels}, slope, DType::float32, line).set_requires_grad(true, line);
}

Tensor PReLU::forward(const Tensor& x) const { return prelu(x, weight_); }
void PReLU::members(Members& visit) { visit("weight", weight_); }
std::string PReLU::describe() const { return text("PReLU ", weight_.numel()); }
std::shared_ptr<Module> PReLU::copy_structure(Cloner&) const { return std::make_shared<PReLU>(); }
void PReLU::config(Config& config) const { config.set("channels", weight_.numel()); }

}  // namespace chainrule::nn
