// The loops that the functions of reduce.h run on each thread, in the best instruction set of this processor.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "autograd/kernels/reduce.h"

namespace chainrule::kernels::detail {

/// y[r] = the reduction of x[r, :] over n values, pairwise over short runs.
template <class T>
using RowsLoop = void (*)(const T* x, std::int64_t rows, std::int64_t n, T* y);

/// y[i] = the reduction of x[j·stride + i] over j in [0, n), for i in [0, columns), columns <= kColumnsAtOnce.
template <class T>
using ColumnsLoop = void (*)(const T* x, std::int64_t n, std::int64_t stride, std::int64_t columns, T* y);

/// y[r, j] = seeds[r] · the product of x[r, k] over all k other than j in [0, n).
template <class T>
using OthersOfRowsLoop = void (*)(const T* x, std::int64_t rows, std::int64_t n, const T* seeds, T* y);

/// y[j·stride + i] = seeds[i] · the product of x[k·stride + i] over all k other than j in [0, n), for i in [0, columns).
template <class T>
using OthersOfColumnsLoop = void (*)(const T* x, std::int64_t n, std::int64_t stride, std::int64_t columns, const T* seeds, T* y);

inline constexpr std::int64_t kColumnsAtOnce = 256;

template <class T>
struct ReduceLoops {
  static constexpr std::size_t kKinds = 4;
  static_assert(static_cast<std::size_t>(Reduction::min) == kKinds - 1);

  RowsLoop<T> by_rows[kKinds];  // in the order of Reduction
  ColumnsLoop<T> by_columns[kKinds];
  OthersOfRowsLoop<T> others_of_rows;
  OthersOfColumnsLoop<T> others_of_columns;

  RowsLoop<T> rows(Reduction kind) const noexcept { return by_rows[static_cast<std::size_t>(kind)]; }
  ColumnsLoop<T> columns(Reduction kind) const noexcept { return by_columns[static_cast<std::size_t>(kind)]; }
};

/// Returns the loops in the best instruction set of this processor; for std::int64_t, plain loops.
template <class T>
const ReduceLoops<T>& reduce_loops() noexcept;
template <>
const ReduceLoops<std::int64_t>& reduce_loops() noexcept;

/// Sums of floats that are added up in double.
struct DoubleSums {
  void (*rows)(const float* x, std::int64_t rows, std::int64_t n, double* y);                             // y[r] = the sum of x[r, :]
  void (*columns)(const float* x, std::int64_t n, std::int64_t stride, std::int64_t columns, double* y);  // like ColumnsLoop
};

/// Returns the loops in the best instruction set of this processor.
const DoubleSums& double_sums() noexcept;

}  // namespace chainrule::kernels::detail
