// fit, evaluate, predict: training any module on a dataset, and using it.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "autograd/base/random.h"
#include "nn/data/dataset.h"
#include "nn/losses/loss.h"
#include "nn/metrics/metric.h"
#include "nn/module/module.h"
#include "nn/optim/factory.h"
#include "nn/train/callback.h"
#include "nn/train/history.h"

namespace chainrule::nn {

/// The loss of a module, or one for each of its outputs: `"cross_entropy"`, `nn::mse_loss`, `{"mse", "cross_entropy"}`.
class Losses {
 public:
  /// None.
  Losses() = default;
  template <class L>
  requires(std::convertible_to<L, Loss> && !std::same_as<std::remove_cvref_t<L>, Losses>)
      Losses(L&& loss, SourceLine line = SourceLine::current());
  Losses(Tensor (*loss)(const TensorArg&, const Tensor&)) : losses_{Loss(loss)} {}
  Losses(std::initializer_list<Loss> losses) : losses_(losses) {}

  /// One for all outputs, or one for each.
  const std::vector<Loss>& list() const noexcept { return losses_; }

 private:
  std::vector<Loss> losses_;
};

template <class L>
requires(std::convertible_to<L, Loss> && !std::same_as<std::remove_cvref_t<L>, Losses>) Losses::Losses(L&& loss, SourceLine line) {
  if constexpr (std::constructible_from<Loss, L, SourceLine>) {
    losses_.push_back(Loss(std::forward<L>(loss), line));
  } else {
    losses_.push_back(Loss(std::forward<L>(loss)));
  }
}

/// What is minimised, by what, and what is measured. Losses are means over the examples of a batch.
struct CompileOptions {
  /// What is minimised.
  Losses loss = {};
  /// A factor of each output's loss; without them 1 each. The loss of the module is their sum.
  std::vector<double> loss_weights = {};
  OptimizerFactory optimizer = "adam";
  /// Measured on each output.
  std::vector<Metric> metrics = {};
  /// Measured on one output only: a list for each, in their order. Besides `metrics`.
  std::vector<std::vector<Metric>> output_metrics = {};
  /// A factor for each class: what an example of it counts in the loss, of "cross_entropy" or "nll_loss" (given by these names), as
  /// CrossEntropyOptions::weight.
  std::vector<double> class_weights = {};
};

/// How fit() trains.
struct FitOptions {
  /// As in CompileOptions, which has them for a Model: Model::fit() takes none of these six.
  Losses loss = {};
  std::vector<double> loss_weights = {};
  /// "adam" without.
  OptimizerFactory optimizer = {};
  std::vector<Metric> metrics = {};
  std::vector<std::vector<Metric>> output_metrics = {};
  std::vector<double> class_weights = {};
  /// One that exists already, with groups or a past, instead of `optimizer`; of this module's parameters or some of them.
  Optimizer* existing_optimizer = nullptr;

  /// Passes over the data.
  std::int64_t epochs = 1;
  /// 32 without, or all examples for an optimizer that wants the full batch (lbfgs, iterative).
  std::optional<std::int64_t> batch_size = {};
  /// In a new random order in each epoch.
  bool shuffle = true;
  /// Leaves out a last batch with fewer than batch_size examples.
  bool drop_last = false;
  /// Where the order comes from; nullptr: default_generator().
  Generator* generator = nullptr;
  /// The last part of the examples, held out before any shuffling: 0.1 for a tenth, to the nearest whole example.
  double validation_split = 0;
  std::optional<Dataset> validation_data = {};
  /// Batches whose gradients make one step together: 4 of 16 are one of 64.
  std::int64_t accumulate = 1;
  /// Clips the gradients of each step: each element, then the norm of all; see clip.h.
  std::optional<double> clip_value = {};
  std::optional<double> clip_norm = {};
  /// Ends the training at a loss that is NaN or infinite, before its step.
  bool stop_on_nan = true;
  std::vector<SharedCallback> callbacks = {};
  /// Writes a line to `out` after the first epoch, every so many, and the last; 0: none.
  std::int64_t show_every = 1;
  std::ostream* out = nullptr;
};

/// Trains a module: its parameters that require grad, as in training (for which Module::train() is called if the module is in eval, and
/// eval() again afterwards). Layers of open input size are built. Two examples go through model and losses in eval first, so that whatever
/// does not fit is an error before any training. While it trains, denormal numbers are zeros (see FlushDenormals) and threads are kept at
/// hand (see run_steps). The same seed gives the same bits with any number of threads.
/// @throws std::invalid_argument for what does not fit together, by name; std::logic_error for a module without anything to train; and
/// what callbacks throw. Weights that a callback kept are restored in that case too.
History fit(Module& module, const Dataset& data, const FitOptions& options, SourceLine line = SourceLine::current());

/// What evaluate() measures.
struct EvaluateOptions {
  /// As in CompileOptions; Model::evaluate() takes only the batch size.
  Losses loss = {};
  std::vector<double> loss_weights = {};
  std::vector<Metric> metrics = {};
  std::vector<std::vector<Metric>> output_metrics = {};
  std::vector<double> class_weights = {};
  /// Examples at a time.
  std::int64_t batch_size = 1024;
};

/// `loss` (unless none is given) and each metric over all examples, as in eval. Changes nothing: threads may share the module.
/// @throws std::invalid_argument for what does not fit together, and for no examples.
Metrics evaluate(const Module& module, const Dataset& data, const EvaluateOptions& options, SourceLine line = SourceLine::current());

/// How predict() goes through the data.
struct PredictOptions {
  std::int64_t batch_size = 1024;  ///< examples at a time
};

/// What the module makes of inputs [n, ...], as in eval, unrecorded and batch by batch. Changes nothing: threads may share the module.
/// @throws std::invalid_argument for no inputs or a batch_size below 1.
Tensor predict(const Module& module, const Tensor& inputs, const PredictOptions& options = {}, SourceLine line = SourceLine::current());
/// The same with several inputs and outputs.
std::vector<Tensor> predict(const Module& module, const std::vector<Tensor>& inputs, const PredictOptions& options = {},
                            SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
