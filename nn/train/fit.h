// fit(), evaluate() and predict(): train any module on a dataset, measure it, and compute its outputs.
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

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// The loss of a module, or a list with one loss for each output: `"cross_entropy"`, `nn::mse_loss`, `{"mse", "cross_entropy"}`.
class Losses {
 public:
  /// Makes an empty list.
  Losses() = default;
  /// Makes a list of one loss, given in any form that Loss accepts.
  template <class L>
  requires(std::convertible_to<L, Loss> && !std::same_as<std::remove_cvref_t<L>, Losses>)
      Losses(L&& loss, SourceLine line = SourceLine::current());
  /// Makes a list of one loss function of the library.
  Losses(Tensor (*loss)(const TensorArg&, const Tensor&)) : losses_{Loss(loss)} {}
  /// Makes a list of losses, one for each output.
  Losses(std::initializer_list<Loss> losses) : losses_(losses) {}

  /// Returns the losses.
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

/// Options of Model::compile(): what is minimized, with which optimizer, and what is measured.
struct CompileOptions {
  /// The loss, or one for each output. A loss must be the mean over the examples of a batch; for a weighted mean, see Loss. An example of
  /// weight 0, such as one with an ignored label, contributes nothing; neither does a batch of such examples, for which the optimizer takes
  /// no step.
  Losses loss = {};
  /// A factor for the loss of each output; empty: 1 each. The loss of the module is the weighted sum.
  std::vector<double> loss_weights = {};
  /// The optimizer.
  OptimizerFactory optimizer = "adam";
  /// Metrics that are measured on every output.
  std::vector<Metric> metrics = {};
  /// Additional metrics for single outputs: one list for each output, in the order of the outputs. Empty: none.
  std::vector<std::vector<Metric>> output_metrics = {};
  /// A factor for each class, with which an example of the class contributes to the loss, as CrossEntropyOptions::weight. Available only if
  /// the loss is given as "cross_entropy" or "nll_loss". Empty: 1 each.
  std::vector<double> class_weights = {};
};

/// Options of fit() and Model::fit(). For Model::fit(), the first six options and `existing_optimizer` must be left empty, because
/// compile() takes them.
struct FitOptions {
  /// See CompileOptions::loss.
  Losses loss = {};
  /// See CompileOptions::loss_weights.
  std::vector<double> loss_weights = {};
  /// The optimizer; empty: "adam".
  OptimizerFactory optimizer = {};
  /// See CompileOptions::metrics.
  std::vector<Metric> metrics = {};
  /// See CompileOptions::output_metrics.
  std::vector<std::vector<Metric>> output_metrics = {};
  /// See CompileOptions::class_weights.
  std::vector<double> class_weights = {};
  /// An existing optimizer to use in place of `optimizer`, for example one with parameter groups or with state from an earlier training.
  /// Its parameters must belong to the module; it need not have all of them.
  Optimizer* existing_optimizer = nullptr;

  /// The number of passes over the data; at least 0.
  std::int64_t epochs = 1;
  /// The number of examples in a batch. Without a value, it is 32; for an optimizer that uses the full batch ("lbfgs", "iterative"), it is
  /// the number of all examples.
  std::optional<std::int64_t> batch_size = {};
  /// True: each epoch takes the examples in a new random order.
  bool shuffle = true;
  /// Skips the last batch of an epoch if it has fewer than batch_size examples.
  bool drop_last = false;
  /// The generator that the random order is drawn from; nullptr means default_generator().
  Generator* generator = nullptr;
  /// The fraction of the examples that is used for validation, rounded to whole examples; at least 0 and below 1. They are the last
  /// examples of the dataset, taken before any shuffling. 0: none.
  double validation_split = 0;
  /// The dataset for validation. It cannot be combined with `validation_split`.
  std::optional<Dataset> validation_data = {};
  /// The number of batches whose gradients are accumulated for one step. 4 batches of 16 examples have the effect of one batch of 64. Not
  /// available for an optimizer that takes a closure.
  std::int64_t accumulate = 1;
  /// The limit of clip_grad_value(), applied before each step; above 0. Not available for an optimizer that takes a closure.
  std::optional<double> clip_value = {};
  /// The limit of clip_grad_norm(), applied before each step and after `clip_value`; above 0. Not available for an optimizer that takes a
  /// closure.
  std::optional<double> clip_norm = {};
  /// Ends the training when the loss is NaN or infinite. The step is then not taken, except by an optimizer that takes a closure.
  bool stop_on_nan = true;
  /// The callbacks, called in this order.
  std::vector<SharedCallback> callbacks = {};
  /// Writes a line to `out` after the first epoch, after every `show_every`-th epoch, and after the last one; 0: never.
  std::int64_t show_every = 1;
  /// The stream for progress lines; nullptr: none.
  std::ostream* out = nullptr;
};

/// Trains the parameters of a module that require grad, and returns what was measured.
///
/// The module is trained in training mode; if it was in evaluation mode, it returns to it afterwards. Layers whose input size is open are
/// built first. To find errors before the training starts, fit() runs the module, the losses and the metrics on two examples in evaluation
/// mode.
///
/// During the training, denormal numbers are treated as zeros (see FlushDenormals), and worker threads stay active between the steps (see
/// run_steps). With the same seed, the results are the same to the last bit, whatever the number of threads is.
///
/// An exception from a callback ends the training and leaves fit(). Weights that a callback kept with keep_weights() are restored in this
/// case too.
/// @throws std::invalid_argument if module, data and options do not fit together; the message names the option.
/// @throws std::logic_error if the module has no parameter that requires grad.
History fit(Module& module, const Dataset& data, const FitOptions& options, SourceLine line = SourceLine::current());

/// Options of evaluate() and Model::evaluate(). For Model::evaluate(), all options except `batch_size` must be left empty, because
/// compile() takes them.
struct EvaluateOptions {
  /// See CompileOptions::loss. Empty: no loss is computed.
  Losses loss = {};
  /// See CompileOptions::loss_weights.
  std::vector<double> loss_weights = {};
  /// See CompileOptions::metrics.
  std::vector<Metric> metrics = {};
  /// See CompileOptions::output_metrics.
  std::vector<std::vector<Metric>> output_metrics = {};
  /// See CompileOptions::class_weights.
  std::vector<double> class_weights = {};
  /// The number of examples that are processed at a time; at least 1.
  std::int64_t batch_size = 1024;
};

/// Returns "loss", if there is one, and each metric over all examples, computed in evaluation mode. The module is not changed, so several
/// threads may use it.
/// @throws std::invalid_argument if module, data and options do not fit together, or if there are no examples.
Metrics evaluate(const Module& module, const Dataset& data, const EvaluateOptions& options, SourceLine line = SourceLine::current());

/// Options of predict().
struct PredictOptions {
  std::int64_t batch_size = 1024;  ///< the number of examples that are processed at a time; at least 1
};

/// Returns the outputs of a module for inputs [n, ...], computed in batches, in evaluation mode and without recording. The module is not
/// changed, so several threads may use it.
/// @throws std::invalid_argument if the module has more than one input or output, if the inputs do not fit the module, or for a batch_size
/// below 1.
Tensor predict(const Module& module, const Tensor& inputs, const PredictOptions& options = {}, SourceLine line = SourceLine::current());
/// Same as above, for a module with several inputs or outputs.
/// @throws std::invalid_argument if there are no inputs, if the inputs do not fit the module, or for a batch_size below 1.
std::vector<Tensor> predict(const Module& module, const std::vector<Tensor>& inputs, const PredictOptions& options = {},
                            SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
