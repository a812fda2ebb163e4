// Dataset: examples and their targets, from which batches are gathered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/data/idx.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// A batch of n examples of a Dataset.
struct Batch {
  Tensor inputs;                         ///< the first (often the only) input, [n, ...]
  Tensor targets;                        ///< the first (often the only) target: int64 [n] labels, or [n, ...] of a floating dtype
  std::vector<Tensor> more_inputs = {},  ///< the second and further inputs, if the Dataset has several
      more_targets = {};                 ///< the second and further targets, if the Dataset has several
};

/// Options of the Dataset constructor that takes bytes. A byte b becomes the float32 number b·scale + shift.
struct ByteDatasetOptions {
  /// The factor of each byte; the default maps 0 to 255 to the range [0, 1].
  double scale = 1.0 / 255;
  /// The number added after scaling.
  double shift = 0;
  /// True: each example has shape [rows·columns]. False: each example keeps its shape in the file, such as [rows, columns].
  bool flatten = true;
};

/// An immutable set of examples with their targets. A Dataset is a shared handle: copies and subsets share the storage and are cheap. Any
/// number of threads may read it.
class Dataset {
 public:
  /// Makes a dataset of n examples.
  ///
  /// `features` has shape [n, ...]. `targets` holds either int64 labels of shape [n], or numbers of a floating dtype and shape [n, ...].
  /// The storage of both Tensors is shared, not copied.
  /// @throws std::invalid_argument if a Tensor is undefined or of rank 0, if the numbers of examples differ, or if int64 targets do not
  /// have rank 1.
  Dataset(const Tensor& features, const Tensor& targets, SourceLine line = SourceLine::current());

  /// Makes a dataset of n examples with several features, several targets, or both. Each Tensor has the form described above.
  /// @throws std::invalid_argument as above, or if either list is empty.
  Dataset(const std::vector<Tensor>& features, const std::vector<Tensor>& targets, SourceLine line = SourceLine::current());

  /// Makes a dataset of n examples of bytes, such as images, with shape [n, ...] and one label each. The bytes stay as they are and are
  /// converted to float32 when a batch is gathered.
  /// @throws std::invalid_argument if the numbers of examples and labels differ, or if the number of bytes does not match the shape.
  Dataset(IdxArray features, std::span<const std::uint8_t> labels, const ByteDatasetOptions& options = {},
          SourceLine line = SourceLine::current());

  /// Returns the number of examples.
  std::int64_t size() const noexcept { return count_; }
  /// Returns the shape of one example's first input, such as [784].
  Shape sample_shape() const;
  /// Returns the shape of one example's first target; [] for a label.
  Shape target_shape() const;
  /// Returns the number of inputs of an example.
  std::size_t input_count() const noexcept;
  /// Returns the number of targets of an example.
  std::size_t target_count() const noexcept;
  /// Returns the shape of each input of one example.
  std::vector<Shape> sample_shapes() const;
  /// Returns the shape of each target of one example.
  std::vector<Shape> target_shapes() const;
  /// Returns the largest label plus 1, for the target with the given index; 0 if that target does not hold labels. A subset returns the
  /// same number as the dataset it was taken from. Negative labels are allowed, because some losses ignore them.
  std::int64_t classes(std::size_t target = 0) const noexcept;

  /// Returns the examples at the given positions, in that order. The result is not recorded for differentiation.
  /// @throws std::invalid_argument if a position is outside 0 to size() - 1.
  Batch batch(std::span<const std::int64_t> picks, SourceLine line = SourceLine::current()) const;
  /// Returns the examples from position `start` up to, but not including, position `stop`.
  /// @throws std::invalid_argument unless 0 <= start <= stop <= size().
  Batch batch(std::int64_t start, std::int64_t stop, SourceLine line = SourceLine::current()) const;

  /// Returns a dataset of the examples at the given positions, in that order. It shares the storage of this one.
  /// @throws std::invalid_argument if a position is outside 0 to size() - 1.
  Dataset subset(std::span<const std::int64_t> picks, SourceLine line = SourceLine::current()) const;
  /// Returns a dataset of the examples from position `start` up to, but not including, position `stop`. It shares the storage of this one.
  /// @throws std::invalid_argument unless 0 <= start <= stop <= size().
  Dataset subset(std::int64_t start, std::int64_t stop, SourceLine line = SourceLine::current()) const;
  /// Returns a dataset of the first n examples, or of all examples if there are fewer than n.
  /// @throws std::invalid_argument for n < 0.
  Dataset first(std::int64_t n, SourceLine line = SourceLine::current()) const;

 private:
  struct Store;

  void check(std::span<const std::int64_t> picks, const SourceLine& line) const;
  // The rows of the store that hold the examples at these positions.
  std::vector<std::int64_t> rows_of(std::span<const std::int64_t> picks) const;
  Batch gather(std::span<const std::int64_t> rows, const SourceLine& line) const;

  std::shared_ptr<const Store> store_;
  std::shared_ptr<const std::vector<std::int64_t>> rows_;  // the rows of the store in the order of this dataset; null: all rows in order
  std::int64_t start_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
