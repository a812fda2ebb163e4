// Preprocessing of data: splitting a Dataset into two parts, and scaling features.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "autograd/base/random.h"
#include "autograd/graph/tensor.h"
#include "nn/data/dataset.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of train_test_split().
struct SplitOptions {
  /// The generator that the random selection is drawn from; nullptr means default_generator().
  Generator* generator = nullptr;
  /// Takes the last examples for the second part, instead of a random selection.
  bool in_order = false;
  /// Takes the same fraction of each class for the second part, up to a rest of less than one example per class: shares are rounded down,
  /// and the classes with the largest remainders get one more example, at random where remainders are equal. The targets must be labels.
  bool stratify = false;
};

/// Splits a dataset at random into two parts, such as a training set and a test set. Returns the first and the second part, which share the
/// storage of `data`. The second part has round(fraction · size()) examples. Both parts keep the order of the examples.
/// @throws std::invalid_argument unless 0 < fraction < 1 and each part gets at least one example; also if `stratify` is set and the targets
/// are not labels, or if both `stratify` and `in_order` are set.
std::pair<Dataset, Dataset> train_test_split(const Dataset& data, double fraction, const SplitOptions& options = {},
                                             SourceLine line = SourceLine::current());

/// What a Scaler computes its statistics over.
enum class Over {
  features,  ///< each feature, that is each element of an example, has its own shift and scale
  all,       ///< all elements have the same shift and scale
};

/// The map (x - shift) · scale, whose shift and scale are computed from one Tensor and can be applied to others. A feature whose
/// computed spread is exactly 0 has scale 1. The results are right even if x - shift is too large for the dtype.
class Scaler {
 public:
  /// Returns a Scaler that maps the smallest value of each feature (with Over::all: of x) to 0 and the largest to 1.
  /// @throws std::invalid_argument unless x has a floating dtype, shape [n, ...] and at least one element.
  static Scaler min_max(const Tensor& x, Over over = Over::features, SourceLine line = SourceLine::current());
  /// Returns a Scaler that gives each feature (with Over::all: x as a whole) mean 0 and standard deviation 1. The standard deviation is the
  /// square root of the variance with divisor n, not n - 1.
  /// @throws std::invalid_argument unless x has a floating dtype, shape [n, ...] and at least one element.
  static Scaler standard(const Tensor& x, Over over = Over::features, SourceLine line = SourceLine::current());

  /// Returns (x - shift) · scale, which has the shape of x.
  /// @throws std::invalid_argument if the dtype or the shape of one example differs from that of the Tensor that the Scaler was computed
  /// from.
  Tensor operator()(const TensorArg& x) const;
  /// Returns x / scale + shift, the inverse of operator().
  /// @throws std::invalid_argument if the dtype or the shape of one example differs from that of the Tensor that the Scaler was computed
  /// from.
  Tensor inverse(const TensorArg& x) const;

  /// Returns the shift, of the shape of one example; [1] for Over::all.
  const Tensor& shift() const noexcept { return shift_; }
  /// Returns the scale, of the shape of one example; [1] for Over::all.
  const Tensor& scale() const noexcept { return scale_; }

 private:
  struct Spread;
  Scaler() = default;
  static Scaler of(const Tensor& x, Over over, Spread (*measure)(const Tensor&), const SourceLine& line);
  void check(const char* op, const Tensor& x, const SourceLine& line) const;

  Tensor shift_, scale_;
  Tensor half_spread_;  // 1 / (2 · scale), if a spread is too large for the dtype; otherwise undefined
  Shape example_;
};

/// Returns x with each example scaled to mean 0 and standard deviation 1 (divisor n) over its elements. An example whose elements are all
/// equal becomes zeros.
/// @throws std::invalid_argument unless x has a floating dtype, shape [n, ...] and at least one element.
Tensor standardize_samples(const TensorArg& x);

}  // namespace chainrule::nn
#pragma GCC visibility pop
