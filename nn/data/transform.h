// What is done to data before a training: splitting it, and bringing its numbers to one scale.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "autograd/base/random.h"
#include "autograd/graph/tensor.h"
#include "nn/data/dataset.h"

namespace chainrule::nn {

/// How examples are divided.
struct SplitOptions {
  /// Draws which examples go where; nullptr: default_generator().
  Generator* generator = nullptr;
  /// Takes the last examples for the second part instead of drawn ones.
  bool in_order = false;
  /// Gives each class its share of the second part, to the nearest whole example; the targets are labels.
  bool stratify = false;
};

/// The examples in two parts, the second of round(fraction · size()), both in their old order: a training and a test set. As
/// sklearn.model_selection.train_test_split.
/// @throws std::invalid_argument unless 0 < fraction < 1 and both parts get an example; for `stratify` without labels or with `in_order`.
std::pair<Dataset, Dataset> train_test_split(const Dataset& data, double fraction, const SplitOptions& options = {},
                                             SourceLine line = SourceLine::current());

/// What one scale is for.
enum class Over {
  features,  ///< each number of an example has its own
  all,       ///< one for all numbers
};

/// (x - shift) · scale, learnt from some data and applied to any. As sklearn's scalers, a feature that is always the same is only shifted.
class Scaler {
 public:
  /// Smallest to 0, largest to 1.
  /// @throws std::invalid_argument unless x is floating [n, ...] with n >= 1.
  static Scaler min_max(const Tensor& x, Over over = Over::features, SourceLine line = SourceLine::current());
  /// Mean to 0, standard deviation (of n, not n - 1) to 1.
  /// @throws std::invalid_argument as min_max.
  static Scaler standard(const Tensor& x, Over over = Over::features, SourceLine line = SourceLine::current());

  /// @throws std::invalid_argument for examples of another shape than those learnt from.
  Tensor operator()(const TensorArg& x) const;
  /// Back again.
  Tensor inverse(const TensorArg& x) const;

  /// Of one example's shape, or a single number for Over::all.
  const Tensor& shift() const noexcept { return shift_; }
  const Tensor& scale() const noexcept { return scale_; }

 private:
  Scaler(Tensor shift, Tensor scale, Shape example);
  void check(const char* op, const Tensor& x, const SourceLine& line) const;

  Tensor shift_, scale_;
  Shape example_;
};

/// Each example by its own mean and standard deviation; one of equal numbers becomes zeros.
/// @throws std::invalid_argument unless x is floating [n, ...] with at least one number an example.
Tensor standardize_samples(const TensorArg& x);

}  // namespace chainrule::nn
