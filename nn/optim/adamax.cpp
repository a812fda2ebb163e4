#include "nn/optim/adamax.h"

#include <algorithm>
#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kAdamaxMemory[] = {"moment1", "infinity_norm"};

}  // namespace

Adamax::Adamax(std::vector<Tensor> parameters, const AdamaxOptions& options, SourceLine line) : GroupedOptimizer("Adamax", kAdamaxMemory) {
  add_group(std::move(parameters), options, line);
}

void Adamax::check(const AdamaxOptions& options, const SourceLine& line) const {
  require_fraction("beta1", options.beta1, line);
  require_fraction("beta2", options.beta2, line);
  require_not_negative("epsilon", options.epsilon, line);
  require_not_negative("weight_decay", options.weight_decay, line);
}

void Adamax::update(const ParameterStep& step) {
  const AdamaxOptions options = options_of(step);
  const double rate = step.learning_rate / (1 - std::pow(options.beta1, static_cast<double>(step.number)));
  remember(step, 0);
  remember(step, 1);
  update_elements<2>(step, [=](double& p, double g, std::array<double, 2>& m) {
    auto& [moment, norm] = m;
    g += options.weight_decay * p;
    moment = options.beta1 * moment + (1 - options.beta1) * g;
    norm = std::max(options.beta2 * norm, std::abs(g) + options.epsilon);
    p -= rate * moment / norm;
  });
}

OptimizerFactory adamax(const AdamaxOptions& options) { return make_factory<Adamax>("adamax", options); }

template class GroupedOptimizer<AdamaxOptions>;

}  // namespace chainrule::nn
