// The sum of the gradients that arrive at one Tensor during a backward pass.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "autograd/graph/node.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/exact_sum.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/update.h"

namespace chainrule::detail {

/// The sum of gradients; empty at first. The gradient of a single-element Tensor is kept as a number until a Tensor is needed. With
/// create_graph every addition is a recorded op, so that it can be differentiated; otherwise additions work in place if no other handle
/// shares the memory.
///
/// The parameter `node` is always the node that the gradient belongs to, which determines shape and dtype.
class GradientSum {
 public:
  /// Returns true if the sum is kept as a number.
  bool is_scalar() const noexcept { return has_scalar_; }
  double scalar() const noexcept { return scalar_; }

  /// Returns the sum as a Tensor; undefined if it is empty. Slices must have been joined.
  const Tensor& tensor(const Node* node) {
    if (has_scalar_) set(full(shape_of(node), scalar_, node->dtype));
    return tensor_;
  }
  /// Returns the sum if it is kept as a Tensor, otherwise an undefined Tensor.
  const Tensor& kept_tensor() const noexcept { return tensor_; }
  bool empty() const noexcept { return !has_scalar_ && !tensor_.defined(); }

  /// Replaces the sum.
  void set(Tensor gradient) noexcept {
    has_scalar_ = false;
    tensor_ = std::move(gradient);
  }
  void set(double number) noexcept {
    has_scalar_ = true;
    scalar_ = number;
    tensor_ = Tensor();
  }
  /// Moves the sum out if it is kept as a Tensor; otherwise returns an undefined Tensor.
  Tensor take_tensor() noexcept { return std::move(tensor_); }
  void drop_scalar() noexcept { has_scalar_ = false; }

  void add(const Node* node, double number) {
    if (has_scalar_) {
      scalar_ = node->dtype == DType::float32 ? static_cast<float>(scalar_) + static_cast<float>(number) : scalar_ + number;
    } else if (!tensor_.defined()) {
      scalar_ = number;
      has_scalar_ = true;
    } else if (is_unshared(tensor_)) {
      add_in_place(tensor_, number);
    } else {
      tensor_ = tensor_ + number;
    }
  }

  void add(const Node* node, Tensor gradient, bool create_graph) {
    tensor(node);
    if (!tensor_.defined()) {  // the first one
      tensor_ = std::move(gradient);
    } else if (!create_graph && is_unshared(tensor_)) {  // nobody else sees the sum
      detail::add_in_place(tensor_, gradient);
    } else if (!create_graph && is_unshared(gradient)) {  // nor the new gradient
      detail::add_in_place(gradient, tensor_);
      tensor_ = std::move(gradient);
    } else {
      tensor_ = tensor_ + gradient;  // recorded with create_graph
    }
  }

  /// Adds a gradient that is `part` for the consecutive elements from `offset` on and 0 elsewhere. With create_graph such slices are
  /// collected until join_slices() joins them in one op; otherwise it adds what sums of overlapping slices have rounded away.
  void add_slice(const Node* node, std::int64_t offset, Tensor part, bool create_graph) {
    if (slices_ == nullptr) slices_ = std::make_unique<Slices>();
    if (create_graph) {
      slices_->recorded.push_back({offset, std::move(part)});
      return;
    }
    if (!tensor(node).defined()) {
      tensor_ = zeros(shape_of(node), node->dtype);
    } else if (!is_unshared(tensor_)) {
      tensor_ = tensor_.clone();
    }
    if (slices_->range.overlaps(offset, node_of(part)->numel)) {
      if (!slices_->lost.defined()) slices_->lost = zeros(shape_of(node), node->dtype);
      detail::add_exactly_in_place(tensor_, slices_->lost, offset, part);
    } else {
      detail::add_in_place(tensor_, offset, part);
    }
  }

  /// Completes the sum of slices.
  void join_slices(const Node* node) {
    if (slices_ != nullptr) [[unlikely]]
      join(node);
  }

  /// Adds `number` to the only element of `into`.
  static void add_in_place(const Tensor& into, double number) {
    visit_floating(node_of(into)->dtype, [&]<class T>() { *mutable_values<T>(into) += static_cast<T>(number); });
  }

 private:
  struct Slice {
    std::int64_t offset;
    Tensor gradient;
  };
  struct Slices {
    std::vector<Slice> recorded;
    SliceRange range;
    Tensor lost;  // by additions of slices that overlap
  };

  void join(const Node* node) {
    const std::unique_ptr<Slices> slices = std::move(slices_);
    if (slices->lost.defined()) add(node, slices->lost, false);
    if (slices->recorded.empty()) return;
    std::vector<Tensor> parts;
    std::vector<std::int64_t> offsets;
    for (Slice& slice : slices->recorded) {
      offsets.push_back(slice.offset);
      parts.push_back(std::move(slice.gradient));
    }
    add(node, embed_slices(parts, offsets, shape_of(node), node->dtype), true);
  }

  Tensor tensor_;
  double scalar_ = 0;
  std::unique_ptr<Slices> slices_ = {};
  bool has_scalar_ = false;
};

}  // namespace chainrule::detail
