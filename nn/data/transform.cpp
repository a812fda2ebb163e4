#include "nn/data/transform.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

void check_examples(const char* op, const Tensor& x, const SourceLine& line) {
  if (!x.defined()) throw_invalid(op, "undefined tensor", line);
  if (!is_floating(x.dtype()) || x.rank() == 0 || x.numel() == 0)
    throw_invalid(op, text("got ", x.dtype(), " ", x.shape(), ", expected float32 or float64 of shape [n, ...], with n at least 1"), line);
}

// x as a single column for Over::all, otherwise as one row of features for each example.
Tensor columns(const Tensor& x, Over over) {
  return over == Over::all ? x.reshape({x.numel(), 1}) : x.reshape({x.size(0), x.numel() / x.size(0)});
}

// 1 / spread, or 1 where the spread is 0.
Tensor inverse_of(const Tensor& spread) { return where(gt(spread, 0), 1 / where(gt(spread, 0), spread, 1.0), 1.0); }

// The examples of the second part: `count` examples, of each class its share of them. The shares are rounded down, and the classes with the
// largest remainders get one more. Where remainders are equal, the classes are chosen at random.
std::vector<std::int64_t> stratified(const Dataset& data, std::int64_t count, Generator& generator, const SourceLine& line) {
  const Tensor targets = data.batch(0, data.size(), line).targets;
  if (targets.dtype() != DType::int64) throw_invalid("train_test_split", "stratify needs labels, expected int64 targets", line);
  const std::span<const std::int64_t> labels = targets.data<std::int64_t>();
  const std::int64_t n = data.size();
  const std::vector<std::int64_t> order = randperm(n, generator).to_vector<std::int64_t>();
  std::unordered_map<std::int64_t, std::vector<std::int64_t>> examples;
  std::vector<std::int64_t> classes;  // in random order: that of their first examples
  for (const std::int64_t i : order) {
    std::vector<std::int64_t>& of_class = examples[labels[static_cast<std::size_t>(i)]];
    if (of_class.empty()) classes.push_back(labels[static_cast<std::size_t>(i)]);
    of_class.push_back(i);
  }
  const auto share = [&](std::int64_t label) { return count * std::ssize(examples[label]); };  // times n
  std::vector<std::pair<std::int64_t, std::size_t>> order_of_classes;  // by the remainder, the largest first; equal ones as they are
  for (std::size_t k = 0; k < classes.size(); ++k) order_of_classes.emplace_back(-(share(classes[k]) % n), k);
  std::ranges::sort(order_of_classes);
  std::int64_t rest = count;
  for (const std::int64_t label : classes) rest -= share(label) / n;
  std::vector<std::int64_t> picks;
  for (const auto& [remainder, k] : order_of_classes) {
    const std::int64_t label = classes[k];
    const std::int64_t taken = share(label) / n + (rest-- > 0 ? 1 : 0);
    const std::vector<std::int64_t>& of_class = examples[label];
    picks.insert(picks.end(), of_class.begin(), of_class.begin() + taken);
  }
  return picks;
}

}  // namespace

std::pair<Dataset, Dataset> train_test_split(const Dataset& data, double fraction, const SplitOptions& options, SourceLine line) {
  const CallerScope caller(line);
  if (!(fraction > 0 && fraction < 1))
    throw_invalid("train_test_split", text("fraction is ", fraction, ", expected between 0 and 1"), line);
  if (options.stratify && options.in_order)
    throw_invalid("train_test_split", "got stratify and in_order, expected at most one of them", line);
  Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
  const std::int64_t n = data.size();
  const auto count = static_cast<std::int64_t>(std::llround(fraction * static_cast<double>(n)));
  std::vector<std::int64_t> second;
  if (options.stratify) {
    second = stratified(data, count, generator, line);
  } else if (options.in_order) {
    second.resize(static_cast<std::size_t>(count));
    std::iota(second.begin(), second.end(), n - count);
  } else {
    second = randperm(n, generator).to_vector<std::int64_t>();
    second.resize(static_cast<std::size_t>(count));
  }
  std::ranges::sort(second);
  if (second.empty() || static_cast<std::int64_t>(second.size()) == n)
    throw_invalid("train_test_split",
                  text("fraction ", fraction, " of ", n, " examples leaves none for the ", second.empty() ? "second" : "first", " part"),
                  line);
  std::vector<std::int64_t> all(static_cast<std::size_t>(n)), first;
  std::iota(all.begin(), all.end(), 0);
  std::ranges::set_difference(all, second, std::back_inserter(first));
  return {data.subset(first, line), data.subset(second, line)};
}

// What is measured of columns: the number that becomes 0, and the distance that becomes 1.
struct Scaler::Spread {
  Tensor shift, spread;
};

Scaler Scaler::of(const Tensor& x, Over over, Spread (*measure)(const Tensor&), const SourceLine& line) {
  const CallerScope caller(line);
  const NoGrad no_grad;
  check_examples("Scaler", x, line);
  Scaler scaler;
  scaler.example_ = x.shape();
  scaler.example_.erase(0);
  const Shape shape = over == Over::all ? Shape{1} : scaler.example_;
  const Tensor values = columns(x, over);
  Spread measured = measure(values);
  scaler.scale_ = inverse_of(measured.spread).reshape(shape);
  if (all(isfinite(measured.spread)).item() == 0) {  // half of the spread is finite
    const auto [half_shift, half_spread] = measure(values * 0.5);
    scaler.half_spread_ = where(eq(half_spread, 0), 0.5, half_spread).reshape(shape);
    scaler.scale_ = 0.5 / scaler.half_spread_;
    measured.shift = half_shift * 2;
  }
  scaler.shift_ = measured.shift.reshape(shape);
  return scaler;
}

Scaler Scaler::min_max(const Tensor& x, Over over, SourceLine line) {
  return of(
      x, over,
      [](const Tensor& values) {
        const Tensor low = min(values, {0});
        return Spread{low, max(values, {0}) - low};
      },
      line);
}

Scaler Scaler::standard(const Tensor& x, Over over, SourceLine line) {
  return of(
      x, over,
      [](const Tensor& values) {
        const Tensor rough = mean(values, {0});
        // The mean of the differences corrects the rounding of the first mean; so the mean of equal values is exactly that value.
        return Spread{rough + mean(values - rough, {0}), root_mean_square(center(values, {0}), {0})};
      },
      line);
}

void Scaler::check(const char* op, const Tensor& x, const SourceLine& line) const {
  if (!x.defined()) throw_invalid(op, "undefined tensor", line);
  Shape example = x.shape();
  if (example.rank() > 0) example.erase(0);
  if (x.rank() == 0 || example != example_ || x.dtype() != shift_.dtype())
    throw_invalid(op, text("got ", x.dtype(), " ", x.shape(), ", expected ", shift_.dtype(), " examples of shape ", example_), line);
}

Tensor Scaler::operator()(const TensorArg& x) const {
  const CallerScope caller(x.line());
  check("Scaler", x.tensor(), x.line());
  if (half_spread_.defined()) return (x.tensor() * 0.5 - shift_ * 0.5) / half_spread_;
  return (x.tensor() - shift_) * scale_;
}

Tensor Scaler::inverse(const TensorArg& x) const {
  const CallerScope caller(x.line());
  check("Scaler", x.tensor(), x.line());
  if (half_spread_.defined()) return (x.tensor() * half_spread_ + shift_ * 0.5) * 2;
  return x.tensor() / scale_ + shift_;
}

Tensor standardize_samples(const TensorArg& x) {
  const CallerScope caller(x.line());
  check_examples("standardize_samples", x.tensor(), x.line());
  const Tensor rows = columns(x.tensor(), Over::features);
  const Tensor centered = center(rows, {1});
  const Tensor deviation = root_mean_square(centered, {1}, true);
  return (centered * inverse_of(deviation)).reshape(x.tensor().shape());
}

}  // namespace chainrule::nn
