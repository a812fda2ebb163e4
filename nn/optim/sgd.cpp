#include "nn/optim/sgd.h"

#include <cmath>

#include "autograd/check.h"
#include "autograd/update.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kMemory[] = {"momentum"};

}  // namespace

SGD::SGD(std::vector<Tensor> parameters, const SGDOptions& options, SourceLine line)
    : Optimizer("SGD", std::move(parameters), options.learning_rate, kMemory, line), options_(options) {
  require(std::isfinite(options.momentum) && options.momentum >= 0, "momentum", options.momentum, "a finite number, 0 or more", line);
  require(std::isfinite(options.dampening), "dampening", options.dampening, "a finite number", line);
  require(std::isfinite(options.weight_decay) && options.weight_decay >= 0, "weight_decay", options.weight_decay,
          "a finite number, 0 or more", line);
  if (options.nesterov && (options.momentum == 0 || options.dampening != 0))
    detail::throw_invalid("SGD", "nesterov needs a momentum above 0 and a dampening of 0", line);
}

void SGD::update(Tensor& parameter, const Tensor& gradient, std::span<Tensor> memory, std::int64_t) {
  sgd_update(parameter, gradient, memory[0],
             {learning_rate(), options_.momentum, options_.dampening, options_.weight_decay, options_.nesterov});
}

}  // namespace chainrule::nn
