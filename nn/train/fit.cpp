#include "nn/train/fit.h"

#include <algorithm>

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/ops/shape.h"
#include "nn/train/trainer.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

namespace {

// The options that FitOptions and EvaluateOptions have in common.
CompileOptions measured(const auto& options) {
  return {.loss = options.loss,
          .loss_weights = options.loss_weights,
          .metrics = options.metrics,
          .output_metrics = options.output_metrics,
          .class_weights = options.class_weights};
}

}  // namespace

History fit(Module& module, const Dataset& data, const FitOptions& options, SourceLine line) {
  const CallerScope caller(line);
  const Objective objective("fit", measured(options), numbered_outputs(module), line);
  Trainer trainer(module, data, objective, options, line);
  build_for(module, data, "fit", line);
  const bool given = !options.optimizer.name().empty();
  if (options.existing_optimizer != nullptr) {
    if (given) throw_invalid("fit", "got optimizer and existing_optimizer, expected one of them", line);
    return trainer.run(*options.existing_optimizer, options.existing_optimizer->needs_closure());
  }
  const OptimizerFactory factory = given ? options.optimizer : OptimizerFactory("adam", line);
  const std::unique_ptr<Optimizer> optimizer = factory(parameters_to_train(module, "fit", line), line);
  return trainer.run(*optimizer, factory.full_batch());
}

Metrics evaluate(const Module& module, const Dataset& data, const EvaluateOptions& options, SourceLine line) {
  const CallerScope caller(line);
  const Objective objective("evaluate", measured(options), numbered_outputs(module), line);
  return evaluate_with(module, data, objective, options.batch_size, line);
}

std::vector<Tensor> predict(const Module& module, const std::vector<Tensor>& inputs, const PredictOptions& options, SourceLine line) {
  const CallerScope caller(line);
  const NoGrad no_grad;
  const EvalScope eval;
  if (options.batch_size < 1) throw_invalid("predict", text("batch_size is ", options.batch_size, ", expected at least 1"), line);
  if (inputs.empty()) throw_invalid("predict", "got no inputs", line);
  for (const Tensor& x : inputs) {
    if (!x.defined()) throw_invalid("predict", "undefined tensor among the inputs", line);
    if (x.rank() == 0 || x.size(0) != inputs.front().size(0))
      throw_invalid("predict", text("an input has shape ", x.shape(), ", expected [n, ...] like the first, ", inputs.front().shape()),
                    line);
  }
  const std::int64_t n = inputs.front().size(0);
  if (n <= options.batch_size) return module(inputs, line);
  std::vector<std::vector<Tensor>> parts(module.output_count());
  for (std::int64_t start = 0; start < n; start += options.batch_size) {
    std::vector<Tensor> batch;
    for (const Tensor& x : inputs) batch.push_back(slice(x, 0, start, std::min(start + options.batch_size, n)));
    const std::vector<Tensor> outputs = module(batch, line);
    for (std::size_t i = 0; i < outputs.size(); ++i) parts[i].push_back(outputs[i]);
  }
  std::vector<Tensor> results;
  for (const std::vector<Tensor>& list : parts) results.push_back(concat(list, 0));
  return results;
}

Tensor predict(const Module& module, const Tensor& inputs, const PredictOptions& options, SourceLine line) {
  if (module.input_count() != 1 || module.output_count() != 1)
    throw_invalid("predict",
                  text(module.describe(), " takes ", module.input_count(), " inputs and returns ", module.output_count(),
                       " outputs, expected 1 of each for one tensor: pass a list"),
                  line);
  return predict(module, std::vector<Tensor>{inputs}, options, line).front();
}

}  // namespace chainrule::nn
