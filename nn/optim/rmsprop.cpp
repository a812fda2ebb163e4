#include "nn/optim/rmsprop.h"

#include <algorithm>
#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kRMSpropMemory[] = {"square_average", "gradient_average", "momentum"};

}  // namespace

RMSprop::RMSprop(std::vector<Tensor> parameters, const RMSpropOptions& options, SourceLine line)
    : GroupedOptimizer("RMSprop", kRMSpropMemory) {
  add_group(std::move(parameters), options, line);
}

void RMSprop::check(const RMSpropOptions& options, const SourceLine& line) const {
  require_not_negative("alpha", options.alpha, line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
  require_not_negative("momentum", options.momentum, line);
}

void RMSprop::update(const ParameterStep& step) {
  const RMSpropOptions options = options_of(step);
  const double rate = step.learning_rate;
  remember(step, 0);
  if (options.centered) remember(step, 1);
  if (options.momentum > 0) remember(step, 2);
  update_elements<3>(step, [=](double& p, double g, std::array<double, 3>& m) {
    auto& [square, average, velocity] = m;
    g += options.weight_decay * p;
    square = options.alpha * square + (1 - options.alpha) * g * g;
    average = options.alpha * average + (1 - options.alpha) * g;
    // Rounding may make the variance of a constant gradient negative.
    const double spread = options.centered ? std::max(0.0, square - average * average) : square;
    velocity = options.momentum * velocity + g / (std::sqrt(spread) + options.epsilon);
    p -= rate * velocity;
  });
}

OptimizerFactory rmsprop(const RMSpropOptions& options) { return make_factory<RMSprop>("rmsprop", options); }

template class GroupedOptimizer<RMSpropOptions>;

}  // namespace chainrule::nn
