#include "nn/layers/activation.h"

#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"
#include "nn/module/names.h"

namespace chainrule::nn {
namespace {

using Op = Tensor (*)(const TensorArg&);

constexpr Named<Op> kActivations[] = {
    {"linear", nullptr},
    {"relu", relu},
    {"leaky_relu", [](const TensorArg& x) { return leaky_relu(x); }},
    {"relu6", relu6},
    {"elu", [](const TensorArg& x) { return elu(x); }},
    {"selu", selu},
    {"celu", [](const TensorArg& x) { return celu(x); }},
    {"gelu", gelu},
    {"gelu_tanh", gelu_tanh},
    {"silu", silu},
    {"mish", mish},
    {"softplus", [](const TensorArg& x) { return softplus(x); }},
    {"softsign", softsign},
    {"hardtanh", [](const TensorArg& x) { return hardtanh(x); }},
    {"hardsigmoid", hardsigmoid},
    {"hardswish", hardswish},
    {"sigmoid", sigmoid},
    {"log_sigmoid", log_sigmoid},
    {"tanh", tanh},
    {"softmax", [](const TensorArg& x) { return softmax(x, -1); }},
    {"log_softmax", [](const TensorArg& x) { return log_softmax(x, -1); }},
};

}  // namespace

Activation::Activation(std::string_view name, SourceLine line) {
  if (name.empty()) return;
  const Op op = find_named("Activation", "activation", kActivations, name, line);
  if (op == nullptr) return;
  function_ = op;
  name_ = name;
}

Activation::Activation(const char* name, SourceLine line) : Activation(std::string_view(name), line) {}
Activation::Activation(const std::string& name, SourceLine line) : Activation(std::string_view(name), line) {}

Activation::Activation() noexcept = default;
Activation::Activation(const Activation&) = default;
Activation::Activation(Activation&&) noexcept = default;
Activation& Activation::operator=(const Activation&) = default;
Activation& Activation::operator=(Activation&&) noexcept = default;
Activation::~Activation() = default;

Activation::Activation(Tensor (*op)(const TensorArg&)) : function_(op), name_("function") {
  for (const Named<Op>& known : kActivations)
    if (op != nullptr && known.value == op) name_ = known.name;
}

Tensor Activation::operator()(const TensorArg& x) const {
  const CallerScope caller(x.line());
  return function_ ? function_(x.tensor()) : x.tensor();
}

}  // namespace chainrule::nn
