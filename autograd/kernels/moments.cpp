#include "autograd/kernels/moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <vector>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/reduce.h"
#include "autograd/kernels/reduce_loops.h"
#include "autograd/kernels/softmax_loops.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

namespace {

constexpr std::int64_t kPiece = 32 * 1024;  // elements of a piece; fewer are not worth a fork
constexpr std::int64_t kBlock = 4096;       // elements of a block of rows, which fits the first-level cache
constexpr std::int64_t kBlockRows = 256;

std::int64_t grain_of(std::int64_t elements) { return std::max<std::int64_t>(1, kPiece / std::max<std::int64_t>(elements, 1)); }

// Turns the sums of x over its middle axis into means. Where a sum has overflowed, the elements are divided before they are added.
template <class T>
void means_from(T* sums, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner) {
  const T divisor = static_cast<T>(n);
  elementwise<T>().div(sums, 1, &divisor, 0, sums, outer * inner);
  T differences = 0;  // NaN if any mean is not finite
  for (std::int64_t k = 0; k < outer * inner; ++k) differences += sums[k] - sums[k];
  if (differences == 0 || n == 0) return;
  for (std::int64_t k = 0; k < outer * inner; ++k) {
    if (std::isfinite(sums[k])) continue;
    const T* const from = x + k / inner * n * inner + k % inner;
    double mean = 0;
    for (std::int64_t j = 0; j < n; ++j) mean += static_cast<double>(from[j * inner]) / static_cast<double>(n);
    sums[k] = static_cast<T>(mean);
  }
}

template <class T>
void rough_mean(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y) {
  reduce(Reduction::sum, x, outer, n, inner, y);
  means_from(y, x, outer, n, inner);
}

// center() for [rows, n] with n <= kBlock: both passes over a block of rows while it is in the cache.
template <class T>
void center_rows(const T* x, std::int64_t rows, std::int64_t n, T* y) {
  const std::int64_t block = std::clamp<std::int64_t>(kBlock / n, 1, kBlockRows);
  const auto sum = detail::reduce_loops<T>().rows(Reduction::sum);
  const auto shift = detail::softmax_loops<T>().shift;
  const auto sub = elementwise<T>().sub;
  constexpr std::int64_t kShortRow = 16;  // rows of less than a vector are put together
  parallel_pieces(rows, std::max(block, grain_of(n)), [&](std::int64_t begin, std::int64_t end) {
    std::array<T, kBlockRows> means;
    for (std::int64_t r = begin; r < end; r += block) {
      const std::int64_t count = std::min(block, end - r);
      const T* from = x + r * n;
      T* const to = y + r * n;
      for (int pass = 0; pass < 2; ++pass, from = to) {
        sum(from, count, n, means.data());
        means_from(means.data(), from, count, n, 1);
        if (n >= kShortRow) {
          shift(from, means.data(), nullptr, count, n, to);
          continue;
        }
        std::array<T, kBlockRows * kShortRow> repeated;
        for (std::int64_t i = 0; i < count; ++i) std::fill_n(repeated.data() + i * n, n, means[static_cast<std::size_t>(i)]);
        sub(from, 1, repeated.data(), 1, to, count * n);
      }
    }
  });
}

// y = x - means[o, i].
template <class T>
void subtract(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, const T* means, T* y) {
  const auto sub = elementwise<T>().sub;
  if (inner == 1) {
    const std::int64_t parts = (n - 1) / kPiece + 1;
    parallel_pieces(outer * parts, grain_of(n), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t p = begin; p < end; ++p) {
        const std::int64_t at = p % parts * kPiece, start = p / parts * n + at;
        sub(x + start, 1, means + p / parts, 0, y + start, std::min(kPiece, n - at));
      }
    });
    return;
  }
  // The means of short rows are repeated, so that a call subtracts from several rows.
  constexpr std::int64_t kRepeated = 512;
  const std::int64_t repeats = std::clamp<std::int64_t>(kRepeated / inner, 1, n), parts = (n - 1) / repeats + 1;
  parallel_pieces(outer * parts, grain_of(repeats * inner), [&](std::int64_t begin, std::int64_t end) {
    std::array<T, kRepeated> repeated;
    for (std::int64_t p = begin; p < end; ++p) {
      const std::int64_t o = p / parts, j = p % parts * repeats, start = (o * n + j) * inner;
      const T* from = means + o * inner;
      if (repeats > 1) {
        if (p == begin || j == 0)
          for (std::int64_t r = 0; r < repeats; ++r) std::copy_n(from, inner, repeated.data() + r * inner);
        from = repeated.data();
      }
      sub(x + start, 1, from, 1, y + start, std::min(repeats, n - j) * inner);
    }
  });
}

// y[o, i] = the sum over j of x[o, j, i]².
template <class T>
void sum_squares(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y) {
  if (n == 0) {
    std::fill_n(y, outer * inner, T{0});
    return;
  }
  if (inner == 1) {
    const auto dot = detail::softmax_loops<T>().dot;
    if (n < 2 * kPiece) {
      parallel_pieces(outer, grain_of(n),
                      [&](std::int64_t begin, std::int64_t end) { dot(x + begin * n, x + begin * n, end - begin, n, y + begin); });
      return;
    }
    const std::int64_t parts = (n - 1) / kPiece + 1;
    std::vector<T> partial(static_cast<std::size_t>(outer * parts));
    parallel_pieces(outer * parts, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t p = begin; p < end; ++p) {
        const std::int64_t at = p % parts * kPiece;
        const T* const from = x + p / parts * n + at;
        dot(from, from, 1, std::min(kPiece, n - at), &partial[static_cast<std::size_t>(p)]);
      }
    });
    reduce(Reduction::sum, partial.data(), outer, parts, 1, y);
    return;
  }
  // Squares of a block that fits the cache are added up at once; then the sums of the blocks.
  constexpr std::int64_t kColumns = detail::kColumnsAtOnce;
  const std::int64_t rows = kBlock / std::min(inner, kColumns), parts = (n - 1) / rows + 1, strips = (inner - 1) / kColumns + 1;
  const auto square = elementwise<T>().square;
  const auto columns_loop = detail::reduce_loops<T>().columns(Reduction::sum);
  std::vector<T> partial(parts > 1 ? static_cast<std::size_t>(outer * parts * inner) : 0);
  T* const sums = parts > 1 ? partial.data() : y;
  parallel_pieces(outer * parts * strips, grain_of(kBlock), [&](std::int64_t begin, std::int64_t end) {
    std::array<T, kBlock> squares;
    for (std::int64_t k = begin; k < end; ++k) {
      const std::int64_t part = k / strips, i = k % strips * kColumns, columns = std::min(kColumns, inner - i);
      const std::int64_t j = part % parts * rows, count = std::min(rows, n - j);
      const T* const from = x + (part / parts * n + j) * inner + i;
      if (strips == 1) {
        square(from, squares.data(), count * inner);
      } else {
        for (std::int64_t r = 0; r < count; ++r) square(from + r * inner, squares.data() + r * columns, columns);
      }
      columns_loop(squares.data(), count, columns, columns, sums + part * inner + i);
    }
  });
  if (parts > 1) reduce(Reduction::sum, partial.data(), outer, parts, inner, y);
}

// sqrt((sum of x²) / divisor + epsilon) of n elements, whose squares may overflow or underflow in T.
template <class T>
double scaled_root(const T* x, std::int64_t n, std::int64_t stride, double divisor, double epsilon) {
  double largest = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    const double size = std::abs(static_cast<double>(x[j * stride]));
    if (std::isnan(size)) return size;
    largest = std::max(largest, size);
  }
  if (largest == 0 || std::isinf(largest)) return std::sqrt(largest / divisor + epsilon);
  // The squares of float fit into double. Those of double are scaled by a power of two, whose halves are both finite.
  const int exponent = std::is_same_v<T, float> ? 0 : std::ilogb(largest);
  const double first = std::ldexp(1.0, -exponent / 2), second = std::ldexp(1.0, -(exponent - exponent / 2));
  double total = 0, lost = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    const double scaled = static_cast<double>(x[j * stride]) * first * second, term = scaled * scaled - lost, sum = total + term;
    lost = (sum - total) - term;
    total = sum;
  }
  const double root = std::ldexp(std::sqrt(total / divisor), exponent);
  return epsilon > 0 ? std::hypot(root, std::sqrt(epsilon)) : root;
}

}  // namespace

void mean(const double* x, std::int64_t outer, std::int64_t n, std::int64_t inner, double* y) { rough_mean(x, outer, n, inner, y); }

// Added up in double, which is exact enough for a result within 1 ulp, and cannot overflow.
void mean(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y) {
  if (outer == 0 || inner == 0) return;
  constexpr std::int64_t kColumns = detail::kColumnsAtOnce;
  const std::int64_t strips = (inner - 1) / kColumns + 1;
  // Long rows, and columns where there are few, are divided into parts.
  const std::int64_t part = std::max<std::int64_t>(1, kPiece / std::min(inner, kColumns)),
                     parts = std::max<std::int64_t>(1, (n - 1) / part + 1);
  const detail::DoubleSums& loops = detail::double_sums();
  std::vector<double> sums(static_cast<std::size_t>(outer * parts * inner));
  parallel_pieces(outer * parts * strips, grain_of(std::min(n, part) * std::min(inner, kColumns)),
                  [&](std::int64_t begin, std::int64_t end) {
                    if (inner == 1 && parts == 1) return loops.rows(x + begin * n, end - begin, n, sums.data() + begin);
                    for (std::int64_t k = begin; k < end; ++k) {
                      const std::int64_t group = k / strips, i = k % strips * kColumns, o = group / parts, j = group % parts * part;
                      const float* const from = x + (o * n + j) * inner + i;
                      double* const to = sums.data() + group * inner + i;
                      const std::int64_t rows = std::min(part, n - j);
                      if (inner == 1) {
                        loops.rows(from, 1, rows, to);
                      } else {
                        loops.columns(from, rows, inner, std::min(kColumns, inner - i), to);
                      }
                    }
                  });
  for (std::int64_t k = 0; k < outer * inner; ++k) {
    const double* const of_parts = sums.data() + k / inner * parts * inner + k % inner;
    double total = 0;
    for (std::int64_t p = 0; p < parts; ++p) total += of_parts[p * inner];
    y[k] = static_cast<float>(total / static_cast<double>(n));
  }
}

template <class T>
void center(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y) {
  if (outer == 0 || n == 0 || inner == 0) return;
  if (inner == 1 && n <= kBlock) return center_rows(x, outer, n, y);
  std::vector<T> means(static_cast<std::size_t>(outer * inner));
  for (int pass = 0; pass < 2; ++pass, x = y) {
    rough_mean(x, outer, n, inner, means.data());
    subtract(x, outer, n, inner, means.data(), y);
  }
}

template <class T>
void mean_of_squares(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, double divisor, T* y) {
  sum_squares(x, outer, n, inner, y);
  for (std::int64_t k = 0; k < outer * inner; ++k) {
    if (std::isinf(y[k])) {  // the mean may be finite
      const double root = scaled_root(x + k / inner * n * inner + k % inner, n, inner, divisor, 0);
      y[k] = static_cast<T>(root * root);
    } else if (divisor != 1) {
      y[k] = static_cast<T>(static_cast<double>(y[k]) / divisor);
    }
  }
}

template <class T>
void root_of_squares(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, double divisor, double epsilon, T* y) {
  using Limits = std::numeric_limits<T>;
  sum_squares(x, outer, n, inner, y);
  // Squares below the smallest normal number may be lost; in a sum from `least` on they do not count, nor beside a larger epsilon.
  const double least = 8 * static_cast<double>(n) * static_cast<double>(Limits::min()) / static_cast<double>(Limits::epsilon());
  const bool negligible = least / divisor <= epsilon * static_cast<double>(Limits::epsilon());
  for (std::int64_t k = 0; k < outer * inner; ++k) {
    const auto squares = static_cast<double>(y[k]);
    const double mean = squares / divisor + epsilon;
    const bool fits = std::isfinite(squares) && std::isfinite(mean) && (squares >= least || negligible);
    const double root = fits ? std::sqrt(mean) : scaled_root(x + k / inner * n * inner + k % inner, n, inner, divisor, epsilon);
    y[k] = static_cast<T>(root);
  }
}

template void center(const float*, std::int64_t, std::int64_t, std::int64_t, float*);
template void center(const double*, std::int64_t, std::int64_t, std::int64_t, double*);
template void mean_of_squares(const float*, std::int64_t, std::int64_t, std::int64_t, double, float*);
template void mean_of_squares(const double*, std::int64_t, std::int64_t, std::int64_t, double, double*);
template void root_of_squares(const float*, std::int64_t, std::int64_t, std::int64_t, double, double, float*);
template void root_of_squares(const double*, std::int64_t, std::int64_t, std::int64_t, double, double, double*);

}  // namespace chainrule::kernels
