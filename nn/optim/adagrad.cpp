#include "nn/optim/adagrad.h"

#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kAdagradMemory[] = {"square_sum"};

}  // namespace

Adagrad::Adagrad(std::vector<Tensor> parameters, const AdagradOptions& options, SourceLine line)
    : GroupedOptimizer("Adagrad", kAdagradMemory) {
  add_group(std::move(parameters), options, line);
}

void Adagrad::check(const AdagradOptions& options, const SourceLine& line) const {
  require_not_negative("lr_decay", options.lr_decay, line);
  require_not_negative("weight_decay", options.weight_decay, line);
  require_not_negative("initial_accumulator_value", options.initial_accumulator_value, line);
  require_not_negative("epsilon", options.epsilon, line);
}

void Adagrad::update(const ParameterStep& step) {
  const AdagradOptions options = options_of(step);
  const double rate = step.learning_rate / (1 + static_cast<double>(step.number - 1) * options.lr_decay);
  remember(step, 0, options.initial_accumulator_value);
  update_elements<1>(step, [=](double& p, double g, std::array<double, 1>& m) {
    g += options.weight_decay * p;
    m[0] += g * g;
    p -= rate * g / (std::sqrt(m[0]) + options.epsilon);
  });
}

OptimizerFactory adagrad(const AdagradOptions& options) { return make_factory<Adagrad>("adagrad", options); }

template class GroupedOptimizer<AdagradOptions>;

}  // namespace chainrule::nn
