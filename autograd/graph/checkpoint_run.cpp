#include "autograd/graph/checkpoint_run.h"

#include <algorithm>
#include <utility>

#include "autograd/graph/node.h"

namespace chainrule::detail {
namespace {

bool contains(std::span<const Tensor> leaves, const Tensor& leaf) noexcept {
  return std::any_of(leaves.begin(), leaves.end(), [&](const Tensor& other) { return node_of(other)->storage == node_of(leaf)->storage; });
}

}  // namespace

CheckpointRun::CheckpointRun() noexcept
    : outer_(thread_context.checkpoint_run), first_(true), recomputing_(outer_ != nullptr && outer_->recomputing_) {
  thread_context.checkpoint_run = this;
}

CheckpointRun::CheckpointRun(std::span<const Tensor> written) noexcept
    : outer_(thread_context.checkpoint_run), first_(false), recomputing_(true), skipped_(written) {
  thread_context.checkpoint_run = this;
}

CheckpointRun::~CheckpointRun() { thread_context.checkpoint_run = outer_; }

bool CheckpointRun::recomputing() noexcept {
  const CheckpointRun* const run = thread_context.checkpoint_run;
  return run != nullptr && run->recomputing_;
}

bool CheckpointRun::skips_write(const Tensor& leaf) {
  CheckpointRun* const innermost = thread_context.checkpoint_run;
  if (innermost->first_ && !contains(innermost->written_, leaf)) innermost->written_.push_back(leaf);
  for (const CheckpointRun* run = innermost; run != nullptr; run = run->outer_)
    if (contains(run->skipped_, leaf)) return true;
  return false;
}

std::vector<Tensor> CheckpointRun::take_written() {
  std::erase_if(written_, is_unshared);
  if (outer_ != nullptr && outer_->first_) {
    for (const Tensor& leaf : written_)
      if (!contains(outer_->written_, leaf)) outer_->written_.push_back(leaf);
  }
  return std::move(written_);
}

}  // namespace chainrule::detail
