// Dataset: examples and what each should give, from which batches are gathered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/data/idx.h"

namespace chainrule::nn {

/// Some examples of a Dataset.
struct Batch {
  Tensor inputs;   ///< [n, ...]
  Tensor targets;  ///< [n] int64 labels, or [n, ...] of a floating dtype
  /// The second and further ones of a dataset that has several.
  std::vector<Tensor> more_inputs = {}, more_targets = {};
};

/// How bytes become inputs.
struct ByteDatasetOptions {
  /// What a byte b becomes: b·scale + shift, in float32.
  double scale = 1.0 / 255;
  double shift = 0;
  /// Gives each example as one row, `[n, rows·columns]`, whatever its shape in the file.
  bool flatten = true;
};

/// A shared handle on examples that do not change: copies are cheap, and so are subsets. Safe to read from many threads.
class Dataset {
 public:
  /// n examples: features `[n, ...]`, and targets that are labels, `[n]` of int64, or values of a floating dtype, `[n, ...]`.
  /// The storage of both is shared, not copied.
  /// @throws std::invalid_argument where the lengths differ, or targets of int64 are not of rank 1.
  Dataset(const Tensor& features, const Tensor& targets, SourceLine line = SourceLine::current());

  /// n examples with several features each, several targets, or both; the same for each of them.
  /// @throws std::invalid_argument also for none of either.
  Dataset(const std::vector<Tensor>& features, const std::vector<Tensor>& targets, SourceLine line = SourceLine::current());

  /// n examples of bytes, `[n, ...]`, kept as they are and converted to float32 while a batch is gathered, with their labels.
  /// @throws std::invalid_argument where the lengths differ, or the bytes are not as many as their shape says.
  Dataset(IdxArray features, std::span<const std::uint8_t> labels, const ByteDatasetOptions& options = {},
          SourceLine line = SourceLine::current());

  /// How many examples.
  std::int64_t size() const noexcept { return count_; }
  /// The shape of one example's features, such as [784], and of its target, which is [] for a label.
  Shape sample_shape() const;
  Shape target_shape() const;
  /// How many inputs and targets an example has, and the shapes of all of them.
  std::size_t input_count() const noexcept;
  std::size_t target_count() const noexcept;
  std::vector<Shape> sample_shapes() const;
  std::vector<Shape> target_shapes() const;
  /// The largest label of all the examples that this was made from, plus 1; 0 where targets are not labels. Negative labels are
  /// left to losses that ignore some. Of the first target, or the i-th.
  std::int64_t classes(std::size_t target = 0) const noexcept;

  /// The examples at these positions, in that order; recorded nowhere.
  /// @throws std::invalid_argument for a position outside 0 to size() - 1.
  Batch batch(std::span<const std::int64_t> picks, SourceLine line = SourceLine::current()) const;
  /// Examples `start` up to and without `stop`.
  /// @throws std::invalid_argument unless 0 <= start <= stop <= size().
  Batch batch(std::int64_t start, std::int64_t stop, SourceLine line = SourceLine::current()) const;

  /// The examples at these positions as a dataset of their own, which shares the storage.
  /// @throws std::invalid_argument as batch() does.
  Dataset subset(std::span<const std::int64_t> picks, SourceLine line = SourceLine::current()) const;
  Dataset subset(std::int64_t start, std::int64_t stop, SourceLine line = SourceLine::current()) const;
  /// The first n, or all of them where there are fewer.
  /// @throws std::invalid_argument for n < 0.
  Dataset first(std::int64_t n, SourceLine line = SourceLine::current()) const;

 private:
  struct Store;

  void check(std::span<const std::int64_t> picks, const SourceLine& line) const;
  // Where in the store the examples at these positions lie.
  std::vector<std::int64_t> rows_of(std::span<const std::int64_t> picks) const;
  Batch gather(std::span<const std::int64_t> rows, const SourceLine& line) const;

  std::shared_ptr<const Store> store_;
  std::shared_ptr<const std::vector<std::int64_t>> rows_;  // those of the store in this order; null: as they are there
  std::int64_t start_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace chainrule::nn
