// Metric: what to measure over a pass, given by name, with options, or as a function of one's own.
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

namespace chainrule::nn {

/// Which way a metric improves.
enum class Better { smaller, larger };

/// A metric on its way through a pass.
class MetricState {
 public:
  MetricState() = default;
  virtual ~MetricState() = default;
  MetricState(const MetricState&) = delete;
  MetricState& operator=(const MetricState&) = delete;

  /// Takes a batch in; records nothing.
  /// @throws std::invalid_argument where prediction and target do not fit the metric or the batches before; the state is then as it was.
  void update(const TensorArg& prediction, const Tensor& target);
  /// The metric of all examples so far; NaN without any.
  virtual double result() const = 0;

 private:
  virtual void add(const Tensor& prediction, const Tensor& target, const SourceLine& line) = 0;
};

/// A metric by name, from a factory below, from a function of metrics.h such as `nn::accuracy`, or from a function of one's own. All but
/// the last are of the whole pass, however it is cut into batches: counts and sums are added up, not averages averaged.
class Metric {
 public:
  /// Makes the state of a pass.
  using Begin = std::function<std::unique_ptr<MetricState>()>;
  /// A function of metrics.h.
  using Function = double (*)(const TensorArg&, const Tensor&);

  /// One of accuracy, binary_accuracy (of probabilities: threshold 0.5), topK_accuracy for any K (top5_accuracy), mse, mae, r2, precision,
  /// recall, f1 (Average::macro), or a loss of losses.h (cross_entropy): its mean over the examples, without those of an ignored label.
  /// @throws std::invalid_argument for an unknown name, listing the known.
  Metric(std::string_view name, SourceLine line = SourceLine::current());
  Metric(const char* name, SourceLine line = SourceLine::current()) : Metric(std::string_view(name), line) {}
  Metric(const std::string& name, SourceLine line = SourceLine::current()) : Metric(std::string_view(name), line) {}

  /// A function of metrics.h, with its own name unless told; any other of this type is taken as one's own.
  Metric(Function function);
  Metric(std::string name, Function function);

  /// A function of one's own, `double(const Tensor& prediction, const Tensor& target)`: the mean of its values for the batches, weighted by
  /// their examples, the size of the prediction's first axis. Its calls name their own lines in errors and are not recorded.
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
  template <class F>
  requires(std::is_invocable_r_v<double, const F&, const Tensor&, const Tensor&> && !std::same_as<F, Function>)
      Metric(F function, Better better = Better::smaller)
      : Metric("function", std::move(function), better) {}

  /// A metric of one's own that is more than a mean: `begin` makes the state of a pass.
  Metric(std::string name, Begin begin, Better better) : name_(std::move(name)), begin_(std::move(begin)), better_(better) {}

  /// A pass of its own, to be updated with each batch.
  std::unique_ptr<MetricState> begin() const { return begin_(); }
  /// What tables and histories call it.
  const std::string& name() const noexcept { return name_; }
  /// The same metric by another name.
  Metric named(std::string name) const { return Metric(std::move(name), begin_, better_); }
  Better better() const noexcept { return better_; }

 private:
  static Metric averaged(std::string name, std::function<double(const Tensor&, const Tensor&)> function, Better better);

  std::string name_;
  Begin begin_;
  Better better_;
};

/// The options of binary_accuracy().
struct BinaryAccuracyOptions {
  /// 0.5 for probabilities, 0 for logits.
  double threshold = 0.5;
};

/// Metrics with options, by their names as text; an average other than macro is added to it, as in "f1_micro".
Metric binary_accuracy(const BinaryAccuracyOptions& options = {});
/// @throws std::invalid_argument unless k >= 1.
Metric top_k(std::int64_t k, SourceLine line = SourceLine::current());
Metric precision(const ClassScoreOptions& options = {});
Metric recall(const ClassScoreOptions& options = {});
Metric f1(const ClassScoreOptions& options = {});

}  // namespace chainrule::nn
