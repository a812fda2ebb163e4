#include "nn/metrics/metric.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "nn/losses/loss.h"
#include "nn/losses/losses.h"
#include "nn/metrics/scoring.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

template <class Sums>
class SumsState final : public MetricState {
 public:
  SumsState(std::string name, Sums sums) : name_(std::move(name)), sums_(std::move(sums)) {}
  double result() const override { return sums_.value(); }

 private:
  void add(const Tensor& prediction, const Tensor& target, const SourceLine& line) override {
    sums_.add(name_.c_str(), prediction, target, line);
  }

  std::string name_;
  Sums sums_;
};

template <class Sums>
Metric of_sums(std::string name, Sums sums, Better better) {
  Metric::Begin begin = [name, sums] { return std::make_unique<SumsState<Sums>>(name, sums); };
  return Metric(std::move(name), std::move(begin), better);
}

using Value = std::function<double(const Tensor& prediction, const Tensor& target)>;
using BatchWeight = std::function<double(const Tensor& prediction, const Tensor& target)>;

double rows(const Tensor& prediction, const Tensor&) { return prediction.rank() == 0 ? 1 : static_cast<double>(prediction.size(0)); }

class MeanState final : public MetricState {
 public:
  MeanState(std::string name, Value value, BatchWeight weight)
      : name_(std::move(name)), value_(std::move(value)), weight_(std::move(weight)) {}
  double result() const override { return weights_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_ / weights_; }

 private:
  void add(const Tensor& prediction, const Tensor& target, const SourceLine& line) override {
    if (!prediction.defined()) throw_invalid(name_.c_str(), "undefined tensor for prediction", line);
    const double weight = weight_(prediction, target);
    if (weight == 0) return;
    sum_ += value_(prediction, target) * weight;
    weights_ += weight;
  }

  std::string name_;
  Value value_;
  BatchWeight weight_;
  double sum_ = 0, weights_ = 0;
};

Metric of_mean(std::string name, Value value, BatchWeight weight, Better better) {
  Metric::Begin begin = [name, value = std::move(value), weight = std::move(weight)] {
    return std::make_unique<MeanState>(name, value, weight);
  };
  return Metric(std::move(name), std::move(begin), better);
}

Metric of_class_scores(std::string name, ClassScore which, const ClassScoreOptions& options) {
  constexpr const char* kSuffixes[] = {"", "_micro", "_weighted", "_binary"};  // in the order of Average
  name += kSuffixes[static_cast<std::size_t>(options.average)];
  return of_sums(std::move(name), AveragedScore(which, options), Better::larger);
}

struct Known {
  std::string_view name;
  Metric (*make)();
  Metric::Function function;  // the function in metrics.h that this metric stands for, if there is one
};

Metric accuracy_metric() { return of_sums("accuracy", AmongTop(1), Better::larger); }
Metric binary_accuracy_metric() { return binary_accuracy(BinaryAccuracyOptions{}); }
Metric mse_metric() { return of_sums("mse", SquaredError(), Better::smaller); }
Metric mae_metric() { return of_sums("mae", AbsoluteError(), Better::smaller); }
Metric r2_metric() { return of_sums("r2", Determination(), Better::larger); }
Metric precision_metric() { return precision({}); }
Metric recall_metric() { return recall({}); }
Metric f1_metric() { return f1({}); }

constexpr Known kMetrics[] = {
    {"accuracy", accuracy_metric, accuracy},
    {"binary_accuracy", binary_accuracy_metric, binary_accuracy},
    {"mse", mse_metric, mean_squared_error},
    {"mae", mae_metric, mean_absolute_error},
    {"r2", r2_metric, r2_score},
    {"precision", precision_metric, precision_score},
    {"recall", recall_metric, recall_score},
    {"f1", f1_metric, f1_score},
};

// The number K of "topK_accuracy" if it is 1 or more; otherwise nullopt.
std::optional<std::int64_t> top_of(std::string_view name) {
  constexpr std::string_view kBefore = "top", kAfter = "_accuracy";
  if (!name.starts_with(kBefore) || !name.ends_with(kAfter) || name.size() <= kBefore.size() + kAfter.size()) return {};
  const std::string_view digits = name.substr(kBefore.size(), name.size() - kBefore.size() - kAfter.size());
  std::int64_t k = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), k);
  if (error != std::errc() || end != digits.data() + digits.size() || k < 1) return {};
  return k;
}

Metric by_name(std::string_view name, const SourceLine& line) {
  for (const Known& known : kMetrics)
    if (known.name == name) return known.make();
  if (const std::optional<std::int64_t> k = top_of(name)) return top_k(*k, line).named(std::string(name));
  if (std::ranges::find(Loss::names(), name) != Loss::names().end()) {
    const Loss loss(name, line);
    return of_mean(
        std::string(name), [loss](const Tensor& prediction, const Tensor& target) { return loss(prediction, target).item(); },
        [loss](const Tensor&, const Tensor& target) { return loss.weight(target); }, Better::smaller);
  }
  std::string list;
  for (const Known& known : kMetrics) list += std::string(known.name) + ", ";
  list += "topK_accuracy for any K, and the losses";
  for (const std::string_view loss : Loss::names()) {
    const bool both = std::ranges::any_of(kMetrics, [&](const Known& known) { return known.name == loss; });
    if (!both) list += (loss == Loss::names().front() ? " " : ", ") + std::string(loss);
  }
  throw_invalid("Metric", text("unknown metric \"", name, "\", known names: ", list), line);
}

Metric by_function(Metric::Function function) {
  for (const Known& known : kMetrics)
    if (known.function == function) return known.make();
  return Metric([function](const Tensor& prediction, const Tensor& target) { return function(prediction, target); });
}

}  // namespace

void MetricState::update(const TensorArg& prediction, const Tensor& target) {
  const CallerScope caller(prediction.line());
  const NoGrad no_grad;
  add(prediction.tensor(), target, prediction.line());
}

Metric::Metric(std::string_view name, SourceLine line) : Metric(by_name(name, line)) {}
Metric::Metric(Function function) : Metric(by_function(function)) {}
Metric::Metric(std::string name, Function function) : Metric(by_function(function).named(std::move(name))) {}

Metric Metric::averaged(std::string name, Value function, Better better) {
  return of_mean(std::move(name), std::move(function), rows, better);
}

Metric binary_accuracy(const BinaryAccuracyOptions& options) {
  return of_sums("binary_accuracy", RightSide(options.threshold), Better::larger);
}

Metric top_k(std::int64_t k, SourceLine line) {
  if (k < 1) throw_invalid("top_k", text("k is ", k, ", expected 1 or more"), line);
  return of_sums(text("top", k, "_accuracy"), AmongTop(k), Better::larger);
}

Metric precision(const ClassScoreOptions& options) { return of_class_scores("precision", ClassScore::precision, options); }
Metric recall(const ClassScoreOptions& options) { return of_class_scores("recall", ClassScore::recall, options); }
Metric f1(const ClassScoreOptions& options) { return of_class_scores("f1", ClassScore::f1, options); }

}  // namespace chainrule::nn
