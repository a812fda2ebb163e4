// Copies of elements between strided layouts, as integers of the width of the dtype.
// Internal header: not installed.
#pragma once

#include <algorithm>

#include "autograd/graph/record.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::detail {

/// Copies elements from a strided source to a dense target with the given sizes. A step of 0 repeats elements; a negative step reverses
/// their order.
template <class Word>
void copy_strided(const Word* from, const Shape& sizes, const std::int64_t* steps, Word* to) {
  const int rank = sizes.rank();
  const std::int64_t n = rank == 0 ? 1 : sizes[rank - 1];
  const std::int64_t step = rank == 0 ? 1 : steps[rank - 1];
  std::int64_t rows = 1;
  for (int axis = 0; axis + 1 < rank; ++axis) rows *= sizes[axis];
  if (rows == 0 || n == 0) return;
  kernels::parallel_pieces(rows, std::max<std::int64_t>(1, kElementGrain / n), [&](std::int64_t begin, std::int64_t end) {
    std::int64_t at[Shape::kMaxRank] = {};
    std::int64_t rest = begin, offset = 0;
    for (int axis = rank - 2; axis >= 0; --axis) {
      at[axis] = rest % sizes[axis];
      rest /= sizes[axis];
      offset += at[axis] * steps[axis];
    }
    for (std::int64_t row = begin; row < end; ++row) {
      const Word* source = from + offset;
      Word* target = to + row * n;
      if (step == 1) {
        std::copy_n(source, n, target);
      } else if (step == 0) {
        std::fill_n(target, n, *source);
      } else {
        for (std::int64_t i = 0; i < n; ++i) target[i] = source[i * step];
      }
      for (int axis = rank - 2; axis >= 0; --axis) {
        offset += steps[axis];
        if (++at[axis] < sizes[axis]) break;
        offset -= at[axis] * steps[axis];
        at[axis] = 0;
      }
    }
  });
}

/// Elements from one to the next along each axis.
inline void row_major_steps(const Shape& shape, std::int64_t* steps) {
  std::int64_t step = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    steps[axis] = step;
    step *= shape[axis];
  }
}

/// The number of elements before, along and after an axis.
struct Span {
  std::int64_t outer = 1, n = 1, inner = 1;
};

/// Returns the shape as [outer, n, inner] around one axis.
inline Span around(const Shape& shape, int axis) {
  Span span;
  for (int before = 0; before < axis; ++before) span.outer *= shape[before];
  span.n = shape[axis];
  for (int after = axis + 1; after < shape.rank(); ++after) span.inner *= shape[after];
  return span;
}

}  // namespace chainrule::detail
