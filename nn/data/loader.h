// DataLoader: iterates over a Dataset in batches, `for (const nn::Batch& batch : loader)`.
#pragma once

#include <cstdint>
#include <iterator>

#include "autograd/base/random.h"
#include "nn/data/dataset.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of DataLoader.
struct DataLoaderOptions {
  /// The number of examples in a batch; at least 1.
  std::int64_t batch_size = 32;
  /// True: each epoch takes the examples in a new random order. False: in the order of the dataset.
  bool shuffle = false;
  /// The generator that the random order is drawn from; nullptr means default_generator(). It must outlive the loader.
  Generator* generator = nullptr;
  /// Skips the last batch of an epoch if it has fewer than batch_size examples.
  bool drop_last = false;
};

/// A range of batches of a Dataset. Each iteration over the loader is one epoch.
class DataLoader {
 public:
  /// The type of the constructor's options.
  using Options = DataLoaderOptions;
  /// The iterator that begin() returns.
  class Iterator;

  /// Makes a loader for a dataset.
  /// @throws std::invalid_argument for batch_size < 1.
  explicit DataLoader(Dataset dataset, const DataLoaderOptions& options = {}, SourceLine line = SourceLine::current());

  /// Returns the dataset that the batches are taken from.
  const Dataset& dataset() const noexcept { return dataset_; }
  /// Returns the number of batches in an epoch.
  std::int64_t size() const noexcept;

  /// Starts an epoch and draws its random order. Several epochs may be in progress at the same time. The loader must outlive its iterators.
  Iterator begin() const;
  /// Marks the end of an epoch.
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Dataset dataset_;
  DataLoaderOptions options_;
};

/// The position within an epoch, as an input iterator. A batch is gathered when it is first accessed.
class DataLoader::Iterator {
 public:
  /// Iterator category, for the standard library.
  using iterator_concept = std::input_iterator_tag;
  /// Type of the elements.
  using value_type = Batch;
  /// Type of distances, for the standard library.
  using difference_type = std::ptrdiff_t;

  /// Returns the current batch. The reference is valid until the iterator is incremented.
  /// @{
  const Batch& operator*() const;
  const Batch* operator->() const { return &**this; }
  /// @}

  /// Moves to the next batch and frees the current one.
  /// @{
  Iterator& operator++();
  void operator++(int) { ++*this; }
  /// @}

  /// Returns true at the end of the epoch.
  bool operator==(std::default_sentinel_t) const noexcept { return position_ >= stop_; }

 private:
  friend class DataLoader;
  Iterator(const DataLoader& loader, Tensor order) noexcept;

  const DataLoader* loader_;
  Tensor order_;  // int64 [size of the dataset]
  std::int64_t position_ = 0;
  std::int64_t stop_;
  mutable Batch batch_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
