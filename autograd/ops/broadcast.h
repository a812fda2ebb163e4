// Broadcasting: the common shape of several operands, and loops over it in runs in which each operand has step 0 or 1.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "autograd/base/check.h"
#include "autograd/graph/record.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::detail {

/// Returns the shape to which both broadcast, as in NumPy: axes are matched from the last, and two sizes must be equal or one of them 1.
/// @throws std::invalid_argument if the shapes do not broadcast together.
inline Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b, const SourceLine& line) {
  if (a == b) return a;
  const Shape& longer = a.rank() >= b.rank() ? a : b;
  const Shape& shorter = a.rank() >= b.rank() ? b : a;
  Shape result = longer;
  const int skip = longer.rank() - shorter.rank();
  for (int axis = 0; axis < shorter.rank(); ++axis) {
    const std::int64_t mine = longer[axis + skip], other = shorter[axis];
    if (mine != other && mine != 1 && other != 1) throw_invalid(op, text("shapes ", a, " and ", b, " do not broadcast together"), line);
    result[axis + skip] = mine == 1 ? other : mine;
  }
  return result;
}

/// Sizes of the result and steps of K operands along each of its axes. Neighbouring axes are merged if every operand advances evenly over
/// them.
template <int K>
struct BroadcastPlan {
  int axes = 0;
  std::int64_t sizes[Shape::kMaxRank] = {};
  std::int64_t steps[K][Shape::kMaxRank] = {};

  BroadcastPlan(const Shape& result, const std::array<Shape, K>& operands) {
    std::int64_t spans[K];
    std::fill_n(spans, K, 1);
    // From the last axis to the first; the plan's own axes are in that order too, the innermost first.
    for (int axis = result.rank() - 1; axis >= 0; --axis) {
      const std::int64_t size = result[axis];
      std::int64_t step[K];
      bool merges = axes > 0;
      for (int k = 0; k < K; ++k) {
        const Shape& own = operands[static_cast<std::size_t>(k)];
        const int at = axis - (result.rank() - own.rank());
        const bool moves = at >= 0 && own[at] != 1;
        step[k] = moves ? spans[k] : 0;
        if (moves) spans[k] *= own[at];
      }
      if (size == 1) continue;
      for (int k = 0; k < K && merges; ++k) merges = step[k] == steps[k][axes - 1] * sizes[axes - 1];
      if (merges) {
        sizes[axes - 1] *= size;
        continue;
      }
      for (int k = 0; k < K; ++k) steps[k][axes] = step[k];
      sizes[axes++] = size;
    }
    if (axes == 0) sizes[axes++] = 1;
  }
};

/// Calls run(offsets, steps, begin, n) for runs that cover the result, on several threads. Element i of a run is element begin + i of the
/// result and element offsets[k] + i·steps[k] of operand k; every step is 0 or 1.
template <int K, class Run>
void broadcast_runs(const Shape& result, const std::array<Shape, K>& operands, Run&& run) {
  const BroadcastPlan<K> plan(result, operands);
  std::int64_t rows = 1;
  for (int axis = 1; axis < plan.axes; ++axis) rows *= plan.sizes[axis];
  const std::int64_t n = plan.sizes[0];
  if (rows == 0 || n == 0) return;
  std::array<std::int64_t, K> steps;
  for (int k = 0; k < K; ++k) steps[static_cast<std::size_t>(k)] = plan.steps[k][0];
  if (rows == 1) {
    kernels::parallel_pieces(n, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      std::array<std::int64_t, K> offsets;
      for (std::size_t k = 0; k < K; ++k) offsets[k] = begin * steps[k];
      run(offsets, steps, begin, end - begin);
    });
    return;
  }
  kernels::parallel_pieces(rows, std::max<std::int64_t>(1, kElementGrain / n), [&](std::int64_t begin, std::int64_t end) {
    std::int64_t at[Shape::kMaxRank] = {};
    std::int64_t rest = begin;
    for (int axis = 1; axis < plan.axes; ++axis) {
      at[axis] = rest % plan.sizes[axis];
      rest /= plan.sizes[axis];
    }
    for (std::int64_t row = begin; row < end; ++row) {
      std::array<std::int64_t, K> offsets;
      for (int k = 0; k < K; ++k) {
        std::int64_t offset = 0;
        for (int axis = 1; axis < plan.axes; ++axis) offset += at[axis] * plan.steps[k][axis];
        offsets[static_cast<std::size_t>(k)] = offset;
      }
      run(offsets, steps, row * n, n);
      for (int axis = 1; axis < plan.axes && ++at[axis] == plan.sizes[axis]; ++axis) at[axis] = 0;
    }
  });
}

}  // namespace chainrule::detail
