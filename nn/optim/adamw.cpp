#include "nn/optim/adamw.h"

#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {

AdamW::AdamW(std::vector<Tensor> parameters, const AdamWOptions& options, SourceLine line) : Adam("AdamW", true) {
  add_group(std::move(parameters), options, line);
}

void AdamW::add_group(std::vector<Tensor> parameters, const AdamWOptions& options, SourceLine line) {
  Adam::add_group(std::move(parameters),
                  {.learning_rate = options.learning_rate,
                   .beta1 = options.beta1,
                   .beta2 = options.beta2,
                   .epsilon = options.epsilon,
                   .weight_decay = options.weight_decay,
                   .amsgrad = options.amsgrad},
                  line);
}

OptimizerFactory adamw(const AdamWOptions& options) { return make_factory<AdamW>("adamw", options); }

}  // namespace chainrule::nn
