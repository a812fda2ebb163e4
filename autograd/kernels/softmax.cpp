// Exponentials are computed for blocks of many short rows at once; the other loops run row by row.
#include "autograd/kernels/softmax.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/reduce.h"
#include "autograd/kernels/reduce_loops.h"
#include "autograd/kernels/softmax_loops.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

namespace {

constexpr std::int64_t kPiece = 2 * 1024;  // elements of a piece; fewer are not worth a fork
constexpr std::int64_t kBlock = 4096;      // elements of a block of rows, which fits the first-level cache
constexpr std::int64_t kBlockRows = 256;

// Calls body(first row, rows) for blocks of at most kBlockRows rows and at most kBlock elements. A longer row is a block by itself.
template <class Body>
void on_blocks(std::int64_t rows, std::int64_t d, Body body) {
  const std::int64_t block = std::clamp<std::int64_t>(kBlock / d, 1, kBlockRows);
  parallel_pieces(rows, std::max(block, kPiece / d), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; r += block) body(r, std::min(block, end - r));
  });
}

template <class T>
using RowValues = std::array<T, kBlockRows>;

// Computes the shift that is subtracted before exp: the maximum of the row, or 0 if that is infinite, to avoid inf - inf.
template <class T>
void row_shifts(const T* x, std::int64_t rows, std::int64_t d, T* maxima, T* shifts) {
  detail::reduce_loops<T>().rows(Reduction::max)(x, rows, d, maxima);
  for (std::int64_t r = 0; r < rows; ++r) shifts[r] = std::isinf(maxima[r]) ? T{0} : maxima[r];
}

// Computes, for each row of a block, the shift and the logarithm of the sum of exp(x - shift); together they are logsumexp. The sum is
// 1 + rest, with 1 from the maximum, and its logarithm log1p(rest), which keeps the digits of a small rest. Rows longer than the scratch
// buffer are processed in parts.
template <class T>
void shifts_and_logs(const T* x, std::int64_t rows, std::int64_t d, T* shifts, T* logs) {
  const auto& loops = detail::softmax_loops<T>();
  const auto sum_rows = detail::reduce_loops<T>().rows(Reduction::sum);
  std::array<T, kBlock> scratch;
  RowValues<T> maxima;
  row_shifts(x, rows, d, maxima.data(), shifts);
  if (d <= kBlock) {
    loops.shift_without(x, shifts, rows, d, scratch.data());
    elementwise<T>().exp(scratch.data(), scratch.data(), rows * d);
    sum_rows(scratch.data(), rows, d, logs);
  } else {
    logs[0] = T{0};
    bool found = false;
    for (std::int64_t j = 0; j < d; j += kBlock) {
      const std::int64_t n = std::min(kBlock, d - j);
      T part;
      if (found)
        loops.shift(x + j, shifts, nullptr, 1, n, scratch.data());
      else
        found = loops.shift_without(x + j, shifts, 1, n, scratch.data()) > 0;
      elementwise<T>().exp(scratch.data(), scratch.data(), n);
      sum_rows(scratch.data(), 1, n, &part);
      logs[0] += part;
    }
  }
  elementwise<T>().log1p(logs, logs, rows);
  for (std::int64_t r = 0; r < rows; ++r)
    if (const T largest = maxima[static_cast<std::size_t>(r)]; std::isinf(largest)) logs[r] = largest;
}

}  // namespace

template <class T>
void logsumexp_rows(const T* x, std::int64_t rows, std::int64_t d, T* y) {
  if (d == 0) {
    std::fill_n(y, rows, -std::numeric_limits<T>::infinity());
    return;
  }
  on_blocks(rows, d, [=](std::int64_t r, std::int64_t count) {
    RowValues<T> shifts, logs;
    shifts_and_logs(x + r * d, count, d, shifts.data(), logs.data());
    // If the maximum is ±inf, so is the result: the shift is 0, and the logarithm is the maximum. A NaN gets into the shift through the
    // maximum.
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) y[r + static_cast<std::int64_t>(i)] = shifts[i] + logs[i];
  });
}

template <class T>
bool is_infinity(T x) {
  return x == std::numeric_limits<T>::infinity();
}

// Returns the position of the only inf in a row without NaN; -1 if there is none or if there are several.
template <class T>
std::int64_t only_infinity(const T* row, std::int64_t d) {
  std::int64_t at = -1;
  for (std::int64_t j = 0; j < d; ++j) {
    if (std::isnan(row[j]) || (is_infinity(row[j]) && at >= 0)) return -1;
    if (is_infinity(row[j])) at = j;
  }
  return at;
}

template <class T>
bool all_zero(const T* row, std::int64_t d) {
  return std::all_of(row, row + d, [](T x) { return x == 0; });
}

// y = exp(x - max) / Σ exp(x - max). A row with one inf has its limit, 1 there and 0 elsewhere; other rows whose maximum is infinite have
// no limit and become NaN.
template <class T>
void softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y) {
  if (d == 0) return;
  on_blocks(rows, d, [=](std::int64_t r, std::int64_t count) {
    const auto& loops = detail::softmax_loops<T>();
    RowValues<T> maxima, sums;
    detail::reduce_loops<T>().rows(Reduction::max)(x + r * d, count, d, maxima.data());
    loops.shift(x + r * d, maxima.data(), nullptr, count, d, y + r * d);
    elementwise<T>().exp(y + r * d, y + r * d, count * d);
    detail::reduce_loops<T>().rows(Reduction::sum)(y + r * d, count, d, sums.data());
    loops.divide(y + r * d, sums.data(), count, d, y + r * d);
    T largest;
    detail::reduce_loops<T>().rows(Reduction::max)(maxima.data(), 1, count, &largest);
    if (std::isfinite(largest)) return;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t only = is_infinity(maxima[static_cast<std::size_t>(i)]) ? only_infinity(x + (r + i) * d, d) : -1;
      if (only < 0) continue;
      std::fill_n(y + (r + i) * d, d, T{0});
      y[(r + i) * d + only] = 1;
    }
  });
}

template <class T>
void log_softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y) {
  if (d == 0) return;
  on_blocks(rows, d, [=](std::int64_t r, std::int64_t count) {
    RowValues<T> shifts, logs;
    shifts_and_logs(x + r * d, count, d, shifts.data(), logs.data());
    // Shift and logarithm are subtracted one after the other: in their sum, large logits would round away the logarithm.
    detail::softmax_loops<T>().shift(x + r * d, shifts.data(), logs.data(), count, d, y + r * d);
    T largest;
    detail::reduce_loops<T>().rows(Reduction::max)(logs.data(), 1, count, &largest);
    if (std::isfinite(largest)) return;
    for (std::int64_t i = 0; i < count; ++i) {
      if (!is_infinity(logs[static_cast<std::size_t>(i)])) continue;
      const std::int64_t only = only_infinity(x + (r + i) * d, d);
      if (only >= 0) y[(r + i) * d + only] = 0;  // the others are -inf
    }
  });
}

template <class T>
void logsumexp_gradient_rows(const T* g, const T* x, const T* y, std::int64_t rows, std::int64_t d, T* gx) {
  if (d == 0) return;
  on_blocks(rows, d, [=](std::int64_t r, std::int64_t count) {
    T* const to = gx + r * d;
    detail::softmax_loops<T>().shift(x + r * d, y + r, nullptr, count, d, to);
    elementwise<T>().exp(to, to, count * d);
    for (std::int64_t i = 0; i < count; ++i) {
      const T* const from = x + (r + i) * d;
      if (g[r + i] == 0) {  // also where the exponentials are NaN
        std::fill_n(to + i * d, d, T{0});
        continue;
      }
      if (std::isinf(y[r + i])) {
        const auto share = T{1} / static_cast<T>(std::count(from, from + d, y[r + i]));
        for (std::int64_t j = 0; j < d; ++j) to[i * d + j] = from[j] == y[r + i] ? share : T{0};
      }
      if (d >= 32) {
        elementwise<T>().mul(to + i * d, 1, g + r + i, 0, to + i * d, d);
      } else {
        for (std::int64_t j = 0; j < d; ++j) to[i * d + j] *= g[r + i];
      }
    }
  });
}

template <class T>
void softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx) {
  if (d == 0) return;
  on_blocks(rows, d, [=](std::int64_t r, std::int64_t count) {
    RowValues<T> dots;
    detail::softmax_loops<T>().softmax_gradient(g + r * d, y + r * d, count, d, dots.data(), gx + r * d);
    T sum;
    detail::reduce_loops<T>().rows(Reduction::sum)(dots.data(), 1, count, &sum);
    if (!std::isnan(sum)) return;
    for (std::int64_t i = 0; i < count; ++i)  // the NaN of a row that nothing depends on
      if (std::isnan(dots[static_cast<std::size_t>(i)]) && all_zero(g + (r + i) * d, d)) std::fill_n(gx + (r + i) * d, d, T{0});
  });
}

template <class T>
void log_softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx) {
  if (d == 0) return;
  on_blocks(rows, d, [=](std::int64_t r, std::int64_t count) {
    RowValues<T> sums;
    elementwise<T>().exp(y + r * d, gx + r * d, count * d);
    detail::softmax_loops<T>().log_softmax_gradient(g + r * d, gx + r * d, count, d, sums.data(), gx + r * d);
    for (std::int64_t i = 0; i < count; ++i)  // the NaN of a row that nothing depends on
      if (sums[static_cast<std::size_t>(i)] == 0 && all_zero(g + (r + i) * d, d)) std::fill_n(gx + (r + i) * d, d, T{0});
  });
}

template <class T>
void log_softmax_at(const T* x, const std::int64_t* labels, std::int64_t rows, std::int64_t d, T* y, T* shifts, T* logs) {
  if (d == 0) return;
  on_blocks(rows, d, [=](std::int64_t first, std::int64_t count) {
    shifts_and_logs(x + first * d, count, d, shifts + first, logs + first);
    for (std::int64_t r = first; r < first + count; ++r) {
      const T* const row = x + r * d;
      y[r] = is_infinity(logs[r]) && only_infinity(row, d) == labels[r] ? T{0} : row[labels[r]] - shifts[r] - logs[r];
    }
  });
}

template <class T>
void cross_entropy_gradient_rows(const T* x, const std::int64_t* labels, const T* shifts, const T* logs, T g, std::int64_t rows,
                                 std::int64_t d, T* gx) {
  if (d == 0) return;
  if (g == 0) {
    std::fill_n(gx, rows * d, T{0});
    return;
  }
  on_blocks(rows, d, [=](std::int64_t r, std::int64_t count) {
    T* const to = gx + r * d;
    detail::softmax_loops<T>().shift(x + r * d, shifts + r, logs + r, count, d, to);
    elementwise<T>().exp(to, to, count * d);
    RowValues<T> at_labels;
    detail::softmax_loops<T>().at_labels(to, labels + r, g, count, d, at_labels.data());
    elementwise<T>().mul(to, 1, &g, 0, to, count * d);
    for (std::int64_t i = 0; i < count; ++i) to[i * d + labels[r + i]] = at_labels[static_cast<std::size_t>(i)];
    T largest;
    detail::reduce_loops<T>().rows(Reduction::max)(logs + r, 1, count, &largest);
    if (std::isfinite(largest)) return;
    for (std::int64_t i = 0; i < count; ++i) {
      if (!is_infinity(logs[r + i])) continue;
      const std::int64_t only = only_infinity(x + (r + i) * d, d);
      if (only < 0) continue;
      std::fill_n(to + i * d, d, T{0});
      to[i * d + labels[r + i]] -= g;
      to[i * d + only] += g;
    }
  });
}

template void logsumexp_rows(const float*, std::int64_t, std::int64_t, float*);
template void logsumexp_rows(const double*, std::int64_t, std::int64_t, double*);
template void softmax_rows(const float*, std::int64_t, std::int64_t, float*);
template void softmax_rows(const double*, std::int64_t, std::int64_t, double*);
template void log_softmax_rows(const float*, std::int64_t, std::int64_t, float*);
template void log_softmax_rows(const double*, std::int64_t, std::int64_t, double*);
template void logsumexp_gradient_rows(const float*, const float*, const float*, std::int64_t, std::int64_t, float*);
template void logsumexp_gradient_rows(const double*, const double*, const double*, std::int64_t, std::int64_t, double*);
template void softmax_gradient_rows(const float*, const float*, std::int64_t, std::int64_t, float*);
template void softmax_gradient_rows(const double*, const double*, std::int64_t, std::int64_t, double*);
template void log_softmax_gradient_rows(const float*, const float*, std::int64_t, std::int64_t, float*);
template void log_softmax_gradient_rows(const double*, const double*, std::int64_t, std::int64_t, double*);

template void log_softmax_at(const float*, const std::int64_t*, std::int64_t, std::int64_t, float*, float*, float*);
template void log_softmax_at(const double*, const std::int64_t*, std::int64_t, std::int64_t, double*, double*, double*);
template void cross_entropy_gradient_rows(const float*, const std::int64_t*, const float*, const float*, float, std::int64_t, std::int64_t,
                                          float*);
template void cross_entropy_gradient_rows(const double*, const std::int64_t*, const double*, const double*, double, std::int64_t,
                                          std::int64_t, double*);

}  // namespace chainrule::kernels
