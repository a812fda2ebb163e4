#include "nn/optim/adam.h"

#include <cmath>

#include "autograd/update.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kMemory[] = {"moment1", "moment2"};

}  // namespace

Adam::Adam(std::vector<Tensor> parameters, const AdamOptions& options, SourceLine line)
    : Optimizer("Adam", std::move(parameters), options.learning_rate, kMemory, line), options_(options) {
  require(options.beta1 >= 0 && options.beta1 < 1, "beta1", options.beta1, "0 or more and below 1", line);
  require(options.beta2 >= 0 && options.beta2 < 1, "beta2", options.beta2, "0 or more and below 1", line);
  require(std::isfinite(options.epsilon) && options.epsilon >= 0, "epsilon", options.epsilon, "a finite number, 0 or more", line);
  require(std::isfinite(options.weight_decay) && options.weight_decay >= 0, "weight_decay", options.weight_decay,
          "a finite number, 0 or more", line);
}

void Adam::update(Tensor& parameter, const Tensor& gradient, std::span<Tensor> memory, std::int64_t step) {
  const AdamUpdate pass{learning_rate(), options_.beta1, options_.beta2, options_.epsilon, options_.weight_decay, false};
  adam_update(parameter, gradient, memory[0], memory[1], step, pass);
}

}  // namespace chainrule::nn
