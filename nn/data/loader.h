// DataLoader: goes through a dataset in batches, `for (const nn::Batch& batch : loader)`.
#pragma once

#include <cstdint>
#include <iterator>

#include "autograd/base/random.h"
#include "nn/data/dataset.h"

namespace chainrule::nn {

/// How a DataLoader makes batches.
struct DataLoaderOptions {
  /// Examples in a batch.
  std::int64_t batch_size = 32;
  /// Takes the examples in a new random order in each epoch.
  bool shuffle = false;
  /// Where that order comes from; null: default_generator(). It must outlive the loader.
  Generator* generator = nullptr;
  /// Leaves out a last batch with fewer than batch_size examples.
  bool drop_last = false;
};

/// The batches of a Dataset, pass after pass.
class DataLoader {
 public:
  using Options = DataLoaderOptions;
  class Iterator;

  /// @throws std::invalid_argument for batch_size < 1.
  explicit DataLoader(Dataset dataset, const DataLoaderOptions& options = {}, SourceLine line = SourceLine::current());

  /// What it takes batches of.
  const Dataset& dataset() const noexcept { return dataset_; }
  /// Batches in an epoch.
  std::int64_t size() const noexcept;

  /// Starts an epoch, whose order is drawn here. Epochs may run side by side; the loader must outlive them.
  Iterator begin() const;
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Dataset dataset_;
  DataLoaderOptions options_;
};

/// Where an epoch is. The batch is gathered when it is first looked at.
class DataLoader::Iterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = Batch;
  using difference_type = std::ptrdiff_t;

  /// The batch here; valid until the iterator moves on.
  const Batch& operator*() const;
  const Batch* operator->() const { return &**this; }
  Iterator& operator++();
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t) const noexcept { return position_ >= stop_; }

 private:
  friend class DataLoader;
  Iterator(const DataLoader& loader, Tensor order) noexcept;

  const DataLoader* loader_;
  Tensor order_;  // int64[dataset size]
  std::int64_t position_ = 0;
  std::int64_t stop_;
  mutable Batch batch_;
};

}  // namespace chainrule::nn
