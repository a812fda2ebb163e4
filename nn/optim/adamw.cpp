#include "nn/optim/adamw.h"

#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {

AdamW::AdamW(std::vector<Tensor> parameters, const AdamWOptions& options, SourceLine line) : Adam("AdamW", true) {
  add_group(std::move(parameters), options, line);
}

void AdamW::add_group(std::vector<Tensor> parameters, const AdamWOptions& options, SourceLine line) {
  Adam::add_group(std::move(parameters),
                  {options.learning_rate, options.beta1, options.beta2, options.epsilon, options.weight_decay, options.amsgrad}, line);
}

OptimizerFactory adamw(const AdamWOptions& options) { return make_factory<AdamW>("adamw", options); }

}  // namespace chainrule::nn
