// Helpers to write reductions: the axes that are reduced, and a loop over them.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "autograd/graph/record.h"
#include "autograd/kernels/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/strided.h"

namespace chainrule::detail {

/// Which axes are reduced: what a computing part needs to know of a Reduced.
struct ReducedAxes {
  bool gone[Shape::kMaxRank] = {};
};

/// The axes that are reduced.
struct Reduced : ReducedAxes {
  Shape kept;              // shape of the result with the reduced axes as axes of size 1
  Shape without;           // shape of the result without the reduced axes
  std::int64_t count = 1;  // number of elements that are reduced to one

  ReducedAxes axes() const noexcept { return *this; }
};

/// The plan for the axes an argument names.
/// @throws std::invalid_argument for one that is not there or listed twice.
inline Reduced reduced(const char* op, const Node* node, const Axes& axes, const SourceLine& line) {
  Reduced plan;
  const int rank = node->rank;
  if (axes.all()) std::fill_n(plan.gone, rank, true);
  for (std::int64_t axis : axes) {
    if (rank == 0 && (axis == 0 || axis == -1)) continue;
    const int at = checked_axis(op, axis, sizes_of(node), line);
    if (plan.gone[at]) throw_invalid(op, text("axis ", at, " is listed twice"), line);
    plan.gone[at] = true;
  }
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t size = node->sizes()[axis];
    plan.kept.push_back(plan.gone[axis] ? 1 : size);
    if (plan.gone[axis]) {
      plan.count *= size;
    } else {
      plan.without.push_back(size);
    }
  }
  return plan;
}

/// Calls reduce(x, outer, n, inner, y) for each group of neighboring axes that are reduced, starting with the last group.
template <class T, class Reduce>
void reduce_into(const Node* x, const ReducedAxes& axes, const T* from, T* y, Reduce reduce) {
  const int rank = x->rank;
  const std::int64_t* const shape = x->sizes();
  const bool* const gone = axes.gone;
  if (x->numel == 0) {  // at once: between the stretches of [2^40, 1, 0] the values could fill any memory
    std::int64_t kept = 1;
    for (int axis = 0; axis < rank; ++axis) kept *= gone[axis] ? 1 : shape[axis];
    reduce(from, 1, 0, kept, y);
    return;
  }
  std::unique_ptr<T[]> previous;
  std::int64_t inner = 1;
  bool reduced_any = false;
  for (int axis = rank - 1; axis >= 0; --axis) {
    if (!gone[axis]) {
      inner *= shape[axis];
      continue;
    }
    std::int64_t n = shape[axis];
    while (axis > 0 && gone[axis - 1]) n *= shape[--axis];
    std::int64_t outer = 1;
    bool more = false;
    for (int before = 0; before < axis; ++before) {
      outer *= shape[before];
      more = more || gone[before];
    }
    std::unique_ptr<T[]> next;
    if (more) next = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(outer * inner));
    reduce(from, outer, n, inner, more ? next.get() : y);
    previous = std::move(next);
    from = previous.get();
    reduced_any = true;
  }
  if (!reduced_any) std::copy_n(from, x->numel, y);
}

/// An order of axes.
struct AxisOrder {
  int rank = 0;
  std::int8_t to[Shape::kMaxRank] = {};

  Axes axes() const { return Axes(std::vector<std::int64_t>(to, to + rank)); }
  Axes inverse() const {
    std::vector<std::int64_t> back(static_cast<std::size_t>(rank));
    for (int place = 0; place < rank; ++place) back[static_cast<std::size_t>(to[place])] = place;
    return Axes(back);
  }
};

/// Returns the order with the kept axes first and the reduced axes last.
inline AxisOrder gone_last(const ReducedAxes& axes, int rank) {
  AxisOrder order;
  for (bool gone : {false, true})
    for (int axis = 0; axis < rank; ++axis)
      if (axes.gone[axis] == gone) order.to[order.rank++] = static_cast<std::int8_t>(axis);
  return order;
}

/// Returns true if the reduced axes are neighbors, so that x is [outer, n, inner] with them in the middle. Axes of size 1 do not count.
inline bool adjacent(const ReducedAxes& axes, const Shape& shape) {
  bool before = false, after = false;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    if (axes.gone[axis] && after) return false;
    before = before || axes.gone[axis];
    after = before && !axes.gone[axis];
  }
  return true;
}

/// Returns a shape whose reduced axes are neighbors as [outer, n, inner]. `kept` is the number of results.
inline Span middle(const Shape& shape, const ReducedAxes& axes, std::int64_t kept) {
  if (shape.numel() == 0) return {1, 0, kept};  // the product of the other sizes may be too large
  Span span;
  bool before = false;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == 1) continue;
    before = before || axes.gone[axis];
    (axes.gone[axis] ? span.n : before ? span.inner : span.outer) *= shape[axis];
  }
  return span;
}

/// Returns a gradient of the reduced shape broadcast to the shape of the input.
inline Tensor spread(const Tensor& gradient, const Shape& kept, const Shape& shape) { return broadcast_to(reshape(gradient, kept), shape); }

/// y = x reduced by a kernel, with a rule.
template <class Rule>
Tensor reduce_op(const char* op, const TensorArg& x, const Reduced& plan, bool keepdim, kernels::Reduction kind, const Rule& rule) {
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(op, x.line(), node_of(x.tensor())->dtype, keepdim ? plan.kept : plan.without, inputs,
                     any_dtype([axes = plan.axes(), kind]<class T>(const OpValues<T>& v) {
                       reduce_into(node_of(v.input(0)), axes, v.in(), v.out(),
                                   [kind](const T* from, std::int64_t outer, std::int64_t n, std::int64_t inner, T* to) {
                                     kernels::reduce(kind, from, outer, n, inner, to);
                                   });
                     }),
                     rule);
}

}  // namespace chainrule::detail
