#include "nn/optim/sgd.h"

#include <cmath>

#include "autograd/base/check.h"
#include "autograd/ops/update.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kSGDMemory[] = {"momentum"};

}  // namespace

SGD::SGD(std::vector<Tensor> parameters, const SGDOptions& options, SourceLine line) : GroupedOptimizer("SGD", kSGDMemory) {
  add_group(std::move(parameters), options, line);
}

void SGD::check(const SGDOptions& options, const SourceLine& line) const {
  require_not_negative("momentum", options.momentum, line);
  require(std::isfinite(options.dampening), "dampening", options.dampening, "a finite number", line);
  require_not_negative("weight_decay", options.weight_decay, line);
  if (options.nesterov && (options.momentum == 0 || options.dampening != 0))
    detail::throw_invalid("SGD",
                          detail::text("got nesterov with momentum ", options.momentum, " and dampening ", options.dampening,
                                       ", expected momentum above 0 and dampening 0"),
                          line);
}

void SGD::update(const ParameterStep& step) {
  const SGDOptions& options = options_of(step);
  sgd_update(step.parameter, step.gradient, step.memory[0],
             {step.learning_rate, options.momentum, options.dampening, options.weight_decay, options.nesterov});
}

OptimizerFactory sgd(const SGDOptions& options) { return make_factory<SGD>("sgd", options); }

template class GroupedOptimizer<SGDOptions>;

}  // namespace chainrule::nn
