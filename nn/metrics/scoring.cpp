#include "nn/metrics/scoring.h"

#include <cmath>
#include <limits>

#include "autograd/base/check.h"
#include "autograd/ops/reduce.h"
#include "nn/losses/targets.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double quotient(double sum, std::int64_t count) { return count == 0 ? kNaN : sum / static_cast<double>(count); }

// Calls f with the elements of both Tensors, which have the same floating dtype.
template <class F>
void visit_values(const Tensor& prediction, const Tensor& target, const F& f) {
  if (prediction.dtype() == DType::float32) {
    f(prediction.data<float>(), target.data<float>());
  } else {
    f(prediction.data<double>(), target.data<double>());
  }
}

// True for scores of shape [n] or [n, 1] with targets of a floating dtype: they are the scores of class 1 of two classes.
bool is_one_sided(const Tensor& scores, const Tensor& target) {
  if (!scores.defined() || !target.defined() || target.dtype() == DType::int64) return false;
  return scores.rank() == 1 || (scores.rank() == 2 && scores.size(1) == 1);
}

void check_sides(const char* op, const Tensor& scores, const Tensor& targets, const SourceLine& line) {
  check_target(op, "scores", scores, targets, line);
  visit_values(scores, targets, [&](auto, auto wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (wanted[i] != 0 && wanted[i] != 1) throw_invalid(op, text("target ", wanted[i], " at position ", i, " is neither 0 nor 1"), line);
  });
}

// Calls add with the sum of error(prediction - target) over the elements of each example. Several independent partial sums are kept,
// because a single one would have to wait for each addition.
template <class Error, class Add>
void sum_errors(const Tensor& prediction, const Tensor& target, const Error& error, const Add& add) {
  constexpr std::size_t kSums = 8;
  const std::int64_t n = prediction.rank() == 0 ? 1 : prediction.size(0);
  const std::size_t d = n == 0 ? 0 : static_cast<std::size_t>(prediction.numel() / n);
  visit_values(prediction, target, [&](auto got, auto wanted) {
    for (std::size_t begin = 0; begin < got.size(); begin += d) {
      const auto *p = got.data() + begin, *y = wanted.data() + begin;
      const auto at = [&](std::size_t i) { return error(static_cast<double>(p[i]) - static_cast<double>(y[i])); };
      double sums[kSums] = {}, sum = 0;
      std::size_t i = 0;
      for (; i + kSums <= d; i += kSums)
        for (std::size_t k = 0; k < kSums; ++k) sums[k] += at(i + k);
      for (; i < d; ++i) sum += at(i);
      for (double part : sums) sum += part;
      add(sum);
    }
  });
}

// The number of classes that rank before the label: those with larger scores, and those with equal scores and a smaller index. It has no
// branches that depend on the scores.
template <class T>
std::int64_t classes_before(std::span<const T> row, std::size_t label) {
  const T score = row[label];
  std::int64_t before = 0;
  if (std::isnan(score)) {
    for (std::size_t c = 0; c < label; ++c) before += std::isnan(row[c]);
    return before;
  }
  for (std::size_t c = 0; c < label; ++c) before += !(row[c] < score);
  for (std::size_t c = label + 1; c < row.size(); ++c) before += !(row[c] <= score);
  return before;
}

}  // namespace

Tensor example_labels(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line) {
  if (scores.defined() && labels.defined() && labels.dtype() != DType::int64 && scores.rank() == 2 && labels.rank() == 2) {
    check_target(op, "scores", scores, labels, line);
    if (scores.size(1) < 2)
      throw_invalid(op, text("scores and target have shape ", scores.shape(), ", expected at least two classes: use binary_accuracy"),
                    line);
    return argmax(labels, 1);
  }
  check_labels(op, "scores", scores, labels, line);
  if (scores.size(1) == 0) throw_invalid(op, text("scores has shape ", scores.shape(), ", expected at least one class"), line);
  return labels;
}

double Share::value() const noexcept { return quotient(static_cast<double>(right_), all_); }

void RightSide::add(const char* op, const Tensor& scores, const Tensor& targets, const SourceLine& line) {
  check_sides(op, scores, targets, line);
  visit_values(scores, targets, [&](auto got, auto wanted) {
    for (std::size_t i = 0; i < got.size(); ++i) right_ += (static_cast<double>(got[i]) > threshold_) == (wanted[i] != 0);
    all_ += static_cast<std::int64_t>(got.size());
  });
}

void AmongTop::add(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line) {
  if (k_ < 1) throw_invalid(op, text("k is ", k_, ", expected 1 or more"), line);
  const Tensor known = example_labels(op, scores, labels, line);
  const std::span<const std::int64_t> wanted = known.data<std::int64_t>();
  const auto classes = static_cast<std::size_t>(scores.size(1));
  visit_values(scores, scores, [&](auto values, auto) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      right_ += classes_before(values.subspan(i * classes, classes), static_cast<std::size_t>(wanted[i])) < k_;
  });
  all_ += static_cast<std::int64_t>(wanted.size());
}

double ClassCounts::ratio(ClassScore which, const Counts& counts) noexcept {
  const std::int64_t all = (which == ClassScore::recall ? 0 : counts.predicted) + (which == ClassScore::precision ? 0 : counts.labeled);
  const std::int64_t right = which == ClassScore::f1 ? 2 * counts.right : counts.right;
  return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all);
}

double ClassCounts::score(ClassScore which, std::size_t c) const noexcept { return ratio(which, counts_[c]); }

double ClassCounts::average(ClassScore which, Average average) const noexcept {
  Counts total;
  std::int64_t occurring = 0;
  double sum = 0, weighted_sum = 0;
  for (const Counts& c : counts_) {
    total.right += c.right;
    total.labeled += c.labeled;
    total.predicted += c.predicted;
    occurring += c.labeled + c.predicted > 0;
    sum += ratio(which, c);
    weighted_sum += ratio(which, c) * static_cast<double>(c.labeled);
  }
  if (total.labeled == 0) return kNaN;
  switch (average) {
    case Average::macro:
      return quotient(sum, occurring);
    case Average::micro:
      return ratio(which, total);
    case Average::weighted:
      return quotient(weighted_sum, total.labeled);
    case Average::binary:
      break;
  }
  return ratio(which, counts_[1]);
}

void ClassCounts::set_classes(const char* op, std::int64_t classes, const SourceLine& line) {
  if (counts_.empty()) counts_.resize(static_cast<std::size_t>(classes));
  if (counts_.size() != static_cast<std::size_t>(classes))
    throw_invalid(op, text("scores have ", classes, " classes, expected ", counts_.size(), " as in earlier batches"), line);
}

void ClassCounts::count(std::int64_t label, std::int64_t predicted) noexcept {
  Counts& wanted = counts_[static_cast<std::size_t>(label)];
  ++wanted.labeled;
  ++counts_[static_cast<std::size_t>(predicted)].predicted;
  wanted.right += label == predicted;
}

void ClassCounts::add(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line) {
  if (is_one_sided(scores, labels)) {
    check_sides(op, scores, labels, line);
    set_classes(op, 2, line);
    visit_values(scores, labels, [&](auto got, auto wanted) {
      for (std::size_t i = 0; i < got.size(); ++i) count(wanted[i] != 0, static_cast<double>(got[i]) > threshold_);
    });
    return;
  }
  const Tensor known = example_labels(op, scores, labels, line);
  set_classes(op, scores.size(1), line);
  const Tensor predicted = argmax(scores, 1);
  const std::span<const std::int64_t> got = predicted.data<std::int64_t>(), wanted = known.data<std::int64_t>();
  for (std::size_t i = 0; i < got.size(); ++i) count(wanted[i], got[i]);
}

void AveragedScore::add(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line) {
  if (average_ == Average::binary && scores.defined() && scores.rank() == 2 && scores.size(1) != 2 && !is_one_sided(scores, labels))
    throw_invalid(op, text("scores has shape ", scores.shape(), ", expected two classes for Average::binary"), line);
  counts_.add(op, scores, labels, line);
}

void SquaredError::add(const char* op, const Tensor& prediction, const Tensor& target, const SourceLine& line) {
  check_target(op, "prediction", prediction, target, line);
  sum_errors(
      prediction, target, [](double error) { return error * error; }, [this](double sum) { sum_ += sum; });
  count_ += prediction.numel();
}

double SquaredError::value() const noexcept { return quotient(sum_, count_); }

void AbsoluteError::add(const char* op, const Tensor& prediction, const Tensor& target, const SourceLine& line) {
  check_target(op, "prediction", prediction, target, line);
  sum_errors(
      prediction, target, [](double error) { return std::abs(error); }, [this](double sum) { sum_ += sum; });
  count_ += prediction.numel();
}

double AbsoluteError::value() const noexcept { return quotient(sum_, count_); }

void Determination::add(const char* op, const Tensor& prediction, const Tensor& target, const SourceLine& line) {
  check_target(op, "prediction", prediction, target, line);
  if (prediction.rank() == 0) throw_invalid(op, "prediction has shape [], expected [n] or [n, ...]", line);
  const std::int64_t n = prediction.size(0);
  if (n == 0) return;
  const auto d = static_cast<std::size_t>(prediction.numel() / n);
  if (count_ == 0) columns_.resize(d);
  if (columns_.size() != d)
    throw_invalid(
        op, text("prediction and target have shape ", prediction.shape(), ", expected ", columns_.size(), " columns as in earlier batches"),
        line);
  visit_values(prediction, target, [&](auto got, auto wanted) {
    for (std::size_t begin = 0; begin < got.size(); begin += d) {
      const double share = 1 / static_cast<double>(++count_);
      for (std::size_t i = 0; i < d; ++i) {
        Column& column = columns_[i];
        const double y = static_cast<double>(wanted[begin + i]), error = y - static_cast<double>(got[begin + i]), off = y - column.mean;
        column.mean += off * share;
        column.spread += off * (y - column.mean);
        column.residual += error * error;
      }
    }
  });
}

double Determination::value() const noexcept {
  if (count_ < 2) return kNaN;
  double sum = 0;
  for (const Column& c : columns_)
    sum += c.spread != 0 || std::isnan(c.residual) ? 1 - c.residual / c.spread : static_cast<double>(c.residual == 0);
  return quotient(sum, static_cast<std::int64_t>(columns_.size()));
}

}  // namespace chainrule::nn
