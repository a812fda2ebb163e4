#include "nn/data/loader.h"

#include <algorithm>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"

namespace chainrule::nn {

DataLoader::DataLoader(Dataset dataset, const DataLoaderOptions& options, SourceLine line)
    : dataset_(std::move(dataset)), options_(options) {
  if (options_.batch_size < 1)
    detail::throw_invalid("DataLoader", detail::text("batch_size is ", options_.batch_size, ", expected at least 1"), line);
}

std::int64_t DataLoader::size() const noexcept {
  const std::int64_t whole = dataset_.size() / options_.batch_size;
  return whole + (!options_.drop_last && dataset_.size() % options_.batch_size != 0 ? 1 : 0);
}

DataLoader::Iterator DataLoader::begin() const {
  const std::int64_t n = dataset_.size();
  if (!options_.shuffle) return {*this, arange(0, static_cast<double>(n), 1, DType::int64)};
  return {*this, randperm(n, options_.generator != nullptr ? *options_.generator : default_generator())};
}

DataLoader::Iterator::Iterator(const DataLoader& loader, Tensor order) noexcept
    : loader_(&loader), order_(std::move(order)), stop_(std::min(loader.size() * loader.options_.batch_size, loader.dataset_.size())) {}

const Batch& DataLoader::Iterator::operator*() const {
  if (!batch_.inputs.defined()) {
    const std::int64_t count = std::min(loader_->options_.batch_size, stop_ - position_);
    batch_ =
        loader_->dataset_.batch(order_.data<std::int64_t>().subspan(static_cast<std::size_t>(position_), static_cast<std::size_t>(count)));
  }
  return batch_;
}

DataLoader::Iterator& DataLoader::Iterator::operator++() {
  batch_ = {};  // freed before the next batch is gathered, so that its memory is reused
  position_ += loader_->options_.batch_size;
  return *this;
}

}  // namespace chainrule::nn
