#include "nn/data/dataset.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "autograd/check.h"
#include "autograd/gather.h"
#include "autograd/ops/create.h"
#include "autograd/ops/shape.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

struct Dataset::Store {
  Tensor features;                  // [n, ...]; undefined where bytes hold them
  std::vector<std::uint8_t> bytes;  // [n, numel of sample]
  ByteScale values;
  Shape sample;
  Tensor targets;
  std::int64_t size = 0;
  std::int64_t classes = 0;

  void set_targets(const Tensor& tensor, const Shape& features_shape, const SourceLine& line) {
    if (tensor.rank() == 0 || tensor.size(0) != size)
      throw_invalid("Dataset",
                    text("targets have shape ", tensor.shape(), ", expected [", size, ", ...] to match features of shape ", features_shape),
                    line);
    targets = tensor.detach();
    if (tensor.dtype() != DType::int64) return;
    if (tensor.rank() != 1)
      throw_invalid("Dataset", text("targets are int64", tensor.shape(), ", expected labels, int64[", size, "], or a floating dtype"),
                    line);
    const auto labels = targets.data<std::int64_t>();
    if (!labels.empty()) classes = std::max<std::int64_t>(0, *std::ranges::max_element(labels) + 1);
  }
};

Dataset::Dataset(const Tensor& features, const Tensor& targets, SourceLine line) {
  if (!features.defined()) throw_invalid("Dataset", "features: undefined tensor", line);
  if (!targets.defined()) throw_invalid("Dataset", "targets: undefined tensor", line);
  if (features.rank() == 0) throw_invalid("Dataset", "features have rank 0, expected [n, ...]", line);
  auto store = std::make_shared<Store>();
  store->features = features.detach();
  store->sample = features.shape();
  store->size = store->sample[0];
  store->sample.erase(0);
  store->set_targets(targets, features.shape(), line);
  count_ = store->size;
  store_ = std::move(store);
}

Dataset::Dataset(IdxArray features, std::span<const std::uint8_t> labels, const ByteDatasetOptions& options, SourceLine line) {
  if (features.shape.empty()) throw_invalid("Dataset", "features have rank 0, expected [n, ...]", line);
  auto store = std::make_shared<Store>();
  store->sample = Shape(features.shape);
  store->size = store->sample[0];
  store->sample.erase(0);
  const std::int64_t row_size = store->sample.numel();
  if (store->size < 1 || row_size < 1 || static_cast<std::int64_t>(features.bytes.size()) != store->size * row_size)
    throw_invalid("Dataset", text("features of shape ", Shape(features.shape), " come with ", features.bytes.size(), " bytes"), line);
  if (options.flatten) store->sample = Shape{row_size};
  store->bytes = std::move(features.bytes);
  store->values = {options.scale, options.shift};
  Tensor targets = zeros({labels.size()}, DType::int64);
  std::ranges::copy(labels, targets.mutable_data<std::int64_t>().begin());
  store->set_targets(targets, Shape(features.shape), line);
  count_ = store->size;
  store_ = std::move(store);
}

Shape Dataset::sample_shape() const { return store_->sample; }

Shape Dataset::target_shape() const {
  Shape shape = store_->targets.shape();
  shape.erase(0);
  return shape;
}

std::int64_t Dataset::classes() const noexcept { return store_->classes; }

Batch Dataset::gather(std::span<const std::int64_t> rows, const SourceLine& line) const {
  const CallerScope caller(line);
  if (store_->features.defined()) return {gather_rows(store_->features, rows), gather_rows(store_->targets, rows)};
  Tensor inputs = gather_rows(store_->bytes, store_->sample.numel(), rows, store_->values);
  if (store_->sample.rank() != 1) {
    Shape shape = store_->sample;
    shape.insert(0, static_cast<std::int64_t>(rows.size()));
    inputs = inputs.reshape(shape);
  }
  return {std::move(inputs), gather_rows(store_->targets, rows)};
}

void Dataset::check(std::span<const std::int64_t> picks, const SourceLine& line) const {
  for (const std::int64_t pick : picks)
    if (pick < 0 || pick >= count_) throw_invalid("Dataset", text("position ", pick, " is out of range for ", count_, " examples"), line);
}

std::vector<std::int64_t> Dataset::rows_of(std::span<const std::int64_t> picks) const {
  std::vector<std::int64_t> rows(picks.size());
  for (std::size_t i = 0; i < picks.size(); ++i)
    rows[i] = rows_ ? (*rows_)[static_cast<std::size_t>(start_ + picks[i])] : start_ + picks[i];
  return rows;
}

Batch Dataset::batch(std::span<const std::int64_t> picks, SourceLine line) const {
  check(picks, line);
  const bool as_stored = rows_ == nullptr && start_ == 0;
  return as_stored ? gather(picks, line) : gather(rows_of(picks), line);
}

Batch Dataset::batch(std::int64_t start, std::int64_t stop, SourceLine line) const {
  const Dataset part = subset(start, stop, line);
  if (part.rows_)
    return gather(std::span(*part.rows_).subspan(static_cast<std::size_t>(part.start_), static_cast<std::size_t>(part.count_)), line);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(part.count_));
  std::iota(rows.begin(), rows.end(), part.start_);
  return gather(rows, line);
}

Dataset Dataset::subset(std::span<const std::int64_t> picks, SourceLine line) const {
  check(picks, line);
  Dataset part = *this;
  part.rows_ = std::make_shared<const std::vector<std::int64_t>>(rows_of(picks));
  part.start_ = 0;
  part.count_ = static_cast<std::int64_t>(picks.size());
  return part;
}

Dataset Dataset::subset(std::int64_t start, std::int64_t stop, SourceLine line) const {
  if (start < 0 || stop < start || stop > count_)
    throw_invalid("Dataset", text("examples ", start, " to ", stop, " are out of range for ", count_, " examples"), line);
  Dataset part = *this;
  part.start_ += start;
  part.count_ = stop - start;
  return part;
}

Dataset Dataset::first(std::int64_t n, SourceLine line) const {
  if (n < 0) throw_invalid("Dataset", text("n is ", n, ", expected at least 0"), line);
  return subset(0, std::min(n, count_), line);
}

}  // namespace chainrule::nn
