#include "nn/data/dataset.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "autograd/ops/gather.h"
#include "autograd/ops/shape.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

Shape without_first_axis(Shape shape) {
  shape.erase(0);
  return shape;
}

std::vector<Shape> example_shapes(const std::vector<Tensor>& tensors) {
  std::vector<Shape> shapes;
  for (const Tensor& tensor : tensors) shapes.push_back(without_first_axis(tensor.shape()));
  return shapes;
}

// "features", or "features 1" if there are several.
std::string numbered(const char* what, std::size_t i, std::size_t count) { return count == 1 ? what : text(what, " ", i); }

}  // namespace

struct Dataset::Store {
  std::vector<Tensor> features;     // each [n, ...]; empty if the features are in `bytes`
  std::vector<std::uint8_t> bytes;  // [n, numel of sample]
  ByteScale values;
  Shape sample;  // of one example in `bytes`
  std::vector<Tensor> targets;
  std::vector<std::int64_t> classes;  // of each target
  std::int64_t size = 0;

  void add_target(const std::string& what, const Tensor& tensor, const Shape& features_shape, const SourceLine& line) {
    if (tensor.rank() == 0 || tensor.size(0) != size)
      throw_invalid("Dataset",
                    text(what, " have shape ", tensor.shape(), ", expected [", size, ", ...] to match features of shape ", features_shape),
                    line);
    if (tensor.dtype() == DType::int64 && tensor.rank() != 1)
      throw_invalid("Dataset", text(what, " are int64", tensor.shape(), ", expected labels, int64[", size, "], or a floating dtype"), line);
    std::int64_t count = 0;
    if (tensor.dtype() == DType::int64)
      for (const std::int64_t label : tensor.data<std::int64_t>()) count = std::max(count, label + 1);
    targets.push_back(tensor.detach());
    classes.push_back(count);
  }
};

Dataset::Dataset(const Tensor& features, const Tensor& targets, SourceLine line)
    : Dataset(std::vector<Tensor>{features}, std::vector<Tensor>{targets}, line) {}

Dataset::Dataset(const std::vector<Tensor>& features, const std::vector<Tensor>& targets, SourceLine line) {
  if (features.empty() || targets.empty())
    throw_invalid("Dataset", text("got ", features.size(), " features and ", targets.size(), " targets, expected at least 1 each"), line);
  const auto require_defined = [&](const char* what, const std::vector<Tensor>& tensors) {
    for (std::size_t i = 0; i < tensors.size(); ++i)
      if (!tensors[i].defined()) throw_invalid("Dataset", text(numbered(what, i, tensors.size()), ": undefined tensor"), line);
  };
  require_defined("features", features);
  require_defined("targets", targets);
  auto store = std::make_shared<Store>();
  for (std::size_t i = 0; i < features.size(); ++i) {
    const Tensor& tensor = features[i];
    const std::string what = numbered("features", i, features.size());
    if (tensor.rank() == 0) throw_invalid("Dataset", text(what, " have rank 0, expected [n, ...]"), line);
    if (i == 0) store->size = tensor.size(0);
    if (tensor.size(0) != store->size)
      throw_invalid("Dataset",
                    text(what, " have shape ", tensor.shape(), ", expected [", store->size, ", ...] to match features 0 of shape ",
                         features[0].shape()),
                    line);
    store->features.push_back(tensor.detach());
  }
  for (std::size_t i = 0; i < targets.size(); ++i)
    store->add_target(numbered("targets", i, targets.size()), targets[i], features[0].shape(), line);
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
    throw_invalid("Dataset",
                  text("features of shape ", Shape(features.shape), " have ", features.bytes.size(),
                       " bytes, expected at least one element and one byte per element"),
                  line);
  if (options.flatten) store->sample = Shape{row_size};
  store->bytes = std::move(features.bytes);
  store->values = {options.scale, options.shift};
  Tensor targets = zeros({labels.size()}, DType::int64);
  std::ranges::copy(labels, targets.mutable_data<std::int64_t>().begin());
  store->add_target("targets", targets, Shape(features.shape), line);
  count_ = store->size;
  store_ = std::move(store);
}

Shape Dataset::sample_shape() const { return sample_shapes().front(); }

Shape Dataset::target_shape() const { return target_shapes().front(); }

std::size_t Dataset::input_count() const noexcept { return std::max<std::size_t>(1, store_->features.size()); }

std::size_t Dataset::target_count() const noexcept { return store_->targets.size(); }

std::vector<Shape> Dataset::sample_shapes() const {
  if (store_->features.empty()) return {store_->sample};
  return example_shapes(store_->features);
}

std::vector<Shape> Dataset::target_shapes() const { return example_shapes(store_->targets); }

std::int64_t Dataset::classes(std::size_t target) const noexcept { return target < store_->classes.size() ? store_->classes[target] : 0; }

Batch Dataset::gather(std::span<const std::int64_t> rows, const SourceLine& line) const {
  const CallerScope caller(line);
  Batch batch;
  if (!store_->features.empty()) {
    batch.inputs = gather_rows(store_->features.front(), rows);
    for (std::size_t i = 1; i < store_->features.size(); ++i) batch.more_inputs.push_back(gather_rows(store_->features[i], rows));
  } else {
    batch.inputs = gather_rows(store_->bytes, store_->sample.numel(), rows, store_->values);
    if (store_->sample.rank() != 1) {
      Shape shape = store_->sample;
      shape.insert(0, static_cast<std::int64_t>(rows.size()));
      batch.inputs = batch.inputs.reshape(shape);
    }
  }
  batch.targets = gather_rows(store_->targets.front(), rows);
  for (std::size_t i = 1; i < store_->targets.size(); ++i) batch.more_targets.push_back(gather_rows(store_->targets[i], rows));
  return batch;
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
