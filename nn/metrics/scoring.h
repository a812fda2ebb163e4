// The accumulators behind the metrics: the functions of metrics.h call add() once, the metrics of metric.h once per batch.
//
// Each class has add(op, prediction, target, line), which checks its arguments before it changes anything, and value(). Examples are added
// one after another, so that not even the last bit of the value depends on the division into batches.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/metrics/metrics.h"

namespace chainrule::nn {

/// A fraction of correct items.
class Share {
 public:
  double value() const noexcept;

 protected:
  std::int64_t right_ = 0, all_ = 0;
};

/// Counts the elements that lie on the correct side of a threshold: binary_accuracy.
class RightSide : public Share {
 public:
  explicit RightSide(double threshold) : threshold_(threshold) {}
  void add(const char* op, const Tensor& scores, const Tensor& targets, const SourceLine& line);

 private:
  double threshold_;
};

/// Counts the examples whose label is among the k classes with the largest scores: top_k_accuracy; accuracy for k = 1.
class AmongTop : public Share {
 public:
  explicit AmongTop(std::int64_t k) : k_(k) {}
  void add(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line);

 private:
  std::int64_t k_;
};

enum class ClassScore { precision, recall, f1 };

/// Counts for each class how often it was the label, the prediction, and both.
class ClassCounts {
 public:
  explicit ClassCounts(double threshold) : threshold_(threshold) {}
  void add(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line);

  std::size_t classes() const noexcept { return counts_.size(); }
  std::int64_t labeled(std::size_t c) const noexcept { return counts_[c].labeled; }
  /// Returns the score of one class.
  double score(ClassScore which, std::size_t c) const noexcept;
  /// Returns the scores of the classes combined.
  double average(ClassScore which, Average average) const noexcept;

 private:
  struct Counts {
    std::int64_t right = 0, labeled = 0, predicted = 0;
  };

  static double ratio(ClassScore which, const Counts& counts) noexcept;
  void set_classes(const char* op, std::int64_t classes, const SourceLine& line);
  void count(std::int64_t label, std::int64_t predicted) noexcept;

  double threshold_;
  std::vector<Counts> counts_;
};

class AveragedScore {
 public:
  AveragedScore(ClassScore which, const ClassScoreOptions& options)
      : which_(which), average_(options.average), counts_(options.threshold) {}
  void add(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line);
  double value() const noexcept { return counts_.average(which_, average_); }

 private:
  ClassScore which_;
  Average average_;
  ClassCounts counts_;
};

class SquaredError {
 public:
  void add(const char* op, const Tensor& prediction, const Tensor& target, const SourceLine& line);
  double value() const noexcept;

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

class AbsoluteError {
 public:
  void add(const char* op, const Tensor& prediction, const Tensor& target, const SourceLine& line);
  double value() const noexcept;

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

/// The sums for r2_score.
class Determination {
 public:
  void add(const char* op, const Tensor& prediction, const Tensor& target, const SourceLine& line);
  double value() const noexcept;

 private:
  // Computed by Welford's recurrence. `spread` is the sum of squared deviations from the mean; it is exactly 0 if all targets are equal.
  struct Column {
    double mean = 0, spread = 0, residual = 0;
  };

  std::vector<Column> columns_;
  std::int64_t count_ = 0;
};

/// Returns the label of each example, int64 [n], each below the number of classes.
/// @throws std::invalid_argument as accuracy().
Tensor example_labels(const char* op, const Tensor& scores, const Tensor& labels, const SourceLine& line);

}  // namespace chainrule::nn
