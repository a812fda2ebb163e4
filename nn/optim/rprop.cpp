#include "nn/optim/rprop.h"

#include <algorithm>
#include <cmath>

#include "nn/optim/elements.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kRpropMemory[] = {"gradient", "step"};

}  // namespace

Rprop::Rprop(std::vector<Tensor> parameters, const RpropOptions& options, SourceLine line) : GroupedOptimizer("Rprop", kRpropMemory) {
  add_group(std::move(parameters), options, line);
}

void Rprop::check(const RpropOptions& options, const SourceLine& line) const {
  require(options.eta_minus > 0 && options.eta_minus < 1, "eta_minus", options.eta_minus, "a number above 0 and below 1", line);
  require(options.eta_plus > 1 && std::isfinite(options.eta_plus), "eta_plus", options.eta_plus, "a finite number above 1", line);
  require_not_negative("step_min", options.step_min, line);
  require_not_negative("step_max", options.step_max, line);
  require(options.step_max >= options.step_min, "step_max", options.step_max, "at least step_min", line);
}

void Rprop::update(const ParameterStep& step) {
  const RpropOptions options = options_of(step);
  remember(step, 0);
  remember(step, 1, step.learning_rate);
  update_elements<2>(step, [=](double& p, double g, std::array<double, 2>& m) {
    auto& [before, size] = m;
    if (g * before > 0) size *= options.eta_plus;
    if (g * before < 0) size *= options.eta_minus;
    size = std::clamp(size, options.step_min, options.step_max);
    if (g * before < 0) g = 0;
    p -= g > 0 ? size : g < 0 ? -size : g;  // NaN stays NaN
    before = g;
  });
}

OptimizerFactory rprop(const RpropOptions& options) { return make_factory<Rprop>("rprop", options); }

template class GroupedOptimizer<RpropOptions>;

}  // namespace chainrule::nn
