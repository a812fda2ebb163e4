// Metric: the metric option of fit(), evaluate() and compile(), measured over a whole pass of batches. (metrics.h has functions that
// measure one pair of Tensors.)
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "autograd/graph/tensor.h"
#include "nn/metrics/metrics.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Which values of a metric are better.
enum class Better {
  smaller,  ///< smaller values are better, as for a loss
  larger    ///< larger values are better, as for an accuracy
};

/// The state of a metric during a pass over data.
class MetricState {
 public:
  MetricState() = default;
  virtual ~MetricState() = default;
  MetricState(const MetricState&) = delete;
  MetricState& operator=(const MetricState&) = delete;

  /// Adds a batch. Nothing is recorded for differentiation.
  /// @throws std::invalid_argument if prediction and target do not fit the metric or the batches before; the state is then unchanged.
  void update(const TensorArg& prediction, const Tensor& target);
  /// Returns the metric over all examples added so far; NaN if there are none.
  virtual double result() const = 0;

 private:
  /// Adds a batch to the state. A custom metric implements it; update() calls it.
  virtual void add(const Tensor& prediction, const Tensor& target, const SourceLine& line) = 0;
};

/// A metric, given by name, by a factory function such as top_k(), by a function of metrics.h such as `nn::accuracy`, or by a custom
/// function.
///
/// Except for custom functions, the result does not depend on how the data are divided into batches: counts and sums are accumulated over
/// the pass, instead of averaging the results of the batches.
class Metric {
 public:
  /// A function that makes the state for a new pass.
  using Begin = std::function<std::unique_ptr<MetricState>()>;
  /// The type of the functions in metrics.h that have no further arguments.
  using Function = double (*)(const TensorArg&, const Tensor&);

  /// Selects the metric with this name: "accuracy", "binary_accuracy" (of probabilities, with threshold 0.5), "topK_accuracy" for any
  /// number K (such as "top5_accuracy"), "mse", "mae", "r2", "precision", "recall" and "f1" (all three with Average::macro); or the name of
  /// a function in losses.h, such as "cross_entropy". A loss is averaged over the examples; for "cross_entropy" and "nll_loss", examples
  /// with an ignored label do not count.
  /// @throws std::invalid_argument for an unknown name; the message lists the known names.
  /// @{
  Metric(std::string_view name, SourceLine line = SourceLine::current());
  Metric(const char* name, SourceLine line = SourceLine::current()) : Metric(std::string_view(name), line) {}
  Metric(const std::string& name, SourceLine line = SourceLine::current()) : Metric(std::string_view(name), line) {}
  /// @}

  /// Selects a function of metrics.h, under its usual name, such as "mse" for mean_squared_error. Another function of the same type is
  /// treated as a custom function with the name "function".
  Metric(Function function);
  /// Same as above, under the given name.
  Metric(std::string name, Function function);

  /// Selects a custom function `double(const Tensor& prediction, const Tensor& target)` under the given name. The result is the mean of its
  /// values over the batches, weighted by the number of examples, which is the size of the first axis of the prediction. Errors that occur
  /// in the function name the line in it. Nothing is recorded for differentiation.
  template <class F>
  requires(std::is_invocable_r_v<double, const F&, const Tensor&, const Tensor&> && !std::same_as<F, Function>)
      Metric(std::string name, F function, Better better = Better::smaller)
      : Metric(averaged(
            std::move(name),
            [function = std::move(function)](const Tensor& prediction, const Tensor& target) -> double {
              const UserCodeScope user;
              return function(prediction, target);
            },
            better)) {}
  /// Same as above, under the name "function".
  template <class F>
  requires(std::is_invocable_r_v<double, const F&, const Tensor&, const Tensor&> && !std::same_as<F, Function>)
      Metric(F function, Better better = Better::smaller)
      : Metric("function", std::move(function), better) {}

  /// Selects a custom metric that is not a mean over batches. `begin` makes the state for a new pass; derive its class from MetricState.
  Metric(std::string name, Begin begin, Better better) : name_(std::move(name)), begin_(std::move(begin)), better_(better) {}

  /// Returns the state for a new pass. Call update() on it for each batch.
  std::unique_ptr<MetricState> begin() const { return begin_(); }
  /// Returns the name of the metric in tables and histories.
  const std::string& name() const noexcept { return name_; }
  /// Returns the same metric under another name.
  Metric named(std::string name) const { return Metric(std::move(name), begin_, better_); }
  /// Returns which values of the metric are better.
  Better better() const noexcept { return better_; }

 private:
  static Metric averaged(std::string name, std::function<double(const Tensor&, const Tensor&)> function, Better better);

  std::string name_;
  Begin begin_;
  Better better_;
};

/// Options of binary_accuracy().
struct BinaryAccuracyOptions {
  /// A score above the threshold predicts 1. Use 0.5 for probabilities and 0 for logits.
  double threshold = 0.5;
};

/// Returns the metric "binary_accuracy": the fraction of elements that are predicted correctly. See binary_accuracy() in metrics.h.
Metric binary_accuracy(const BinaryAccuracyOptions& options = {});
/// Returns the metric "topK_accuracy", such as "top5_accuracy" for k = 5. See top_k_accuracy() in metrics.h.
/// @throws std::invalid_argument for k < 1.
Metric top_k(std::int64_t k, SourceLine line = SourceLine::current());
/// Returns the metric "precision"; with an average other than Average::macro, the name of the average is appended, as in "precision_micro".
/// See precision_score() in metrics.h.
Metric precision(const ClassScoreOptions& options = {});
/// Returns the metric "recall", or for example "recall_micro". See recall_score() in metrics.h.
Metric recall(const ClassScoreOptions& options = {});
/// Returns the metric "f1", or for example "f1_micro". See f1_score() in metrics.h.
Metric f1(const ClassScoreOptions& options = {});

}  // namespace chainrule::nn
#pragma GCC visibility pop
