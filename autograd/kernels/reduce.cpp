// Reductions on several threads, divided into pieces that depend only on the sizes.
#include "autograd/kernels/reduce.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "autograd/kernels/reduce_loops.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

namespace {

using detail::kColumnsAtOnce;

constexpr std::int64_t kPiece = 32 * 1024;  // elements of a piece; fewer are not worth a fork

// Returns the number of rows (or columns) of `elements` each that make a piece.
std::int64_t grain_of(std::int64_t elements) { return std::max<std::int64_t>(1, kPiece / std::max<std::int64_t>(elements, 1)); }

// Reduces [outer, n] to [outer].
template <class T>
void reduce_last(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, T* y) {
  const auto rows_loop = detail::reduce_loops<T>().rows(kind);
  if (n < 2 * kPiece) {
    parallel_pieces(outer, grain_of(n), [&](std::int64_t begin, std::int64_t end) { rows_loop(x + begin * n, end - begin, n, y + begin); });
    return;
  }
  const std::int64_t parts = (n - 1) / kPiece + 1;  // long rows are divided too
  std::vector<T> partial(static_cast<std::size_t>(outer * parts));
  parallel_pieces(outer * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) {
      const std::int64_t at = p % parts * kPiece;
      rows_loop(x + p / parts * n + at, 1, std::min(kPiece, n - at), &partial[static_cast<std::size_t>(p)]);
    }
  });
  rows_loop(partial.data(), outer, parts, y);
}

// Reduces [outer, n, inner] to [outer, inner]; a piece is a strip of columns with the same outer index.
template <class T>
void reduce_strips(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y) {
  const auto columns_loop = detail::reduce_loops<T>().columns(kind);
  const std::int64_t strips = (inner - 1) / kColumnsAtOnce + 1;
  parallel_pieces(outer * strips, grain_of(n * std::min(inner, kColumnsAtOnce)), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t s = begin; s < end; ++s) {
      const std::int64_t o = s / strips, i = s % strips * kColumnsAtOnce;
      columns_loop(x + o * n * inner + i, n, inner, std::min(kColumnsAtOnce, inner - i), y + o * inner + i);
    }
  });
}

// Returns the first position of a value that occurs in a row of n; for NaN, the first position of a NaN.
template <class T>
std::int64_t place_of(T value, const T* row, std::int64_t n) {
  constexpr std::int64_t kFew = 32;
  const auto is_it = [value, nan = value != value](T x) { return nan ? x != x : x == value; };
  if (n > kFew) return std::find_if(row, row + n, is_it) - row;
  std::int64_t at = 0;
  for (std::int64_t j = n - 1; j > 0; --j) at = is_it(row[j]) ? j : at;  // without a branch that depends on the values
  return is_it(row[0]) ? 0 : at;
}

// reduce_arg() for inner > 1. better(a, b) returns true if a is chosen instead of b, which comes first.
template <class T, class Better>
void arg_of_columns(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, std::int64_t* y, Better better) {
  const std::int64_t strips = (inner - 1) / kColumnsAtOnce + 1;
  parallel_pieces(outer * strips, grain_of(n * std::min(inner, kColumnsAtOnce)), [&](std::int64_t begin, std::int64_t end) {
    T best[kColumnsAtOnce];
    for (std::int64_t s = begin; s < end; ++s) {
      const std::int64_t o = s / strips, first = s % strips * kColumnsAtOnce, columns = std::min(kColumnsAtOnce, inner - first);
      const T* from = x + o * n * inner + first;
      std::int64_t* to = y + o * inner + first;
      std::copy_n(from, columns, best);
      std::fill_n(to, columns, 0);
      for (std::int64_t j = 1; j < n; ++j) {
        from += inner;
        for (std::int64_t i = 0; i < columns; ++i) {
          if (better(from[i], best[i])) {
            best[i] = from[i];
            to[i] = j;
          }
        }
      }
    }
  });
}

}  // namespace

namespace detail {
namespace {

// Unsigned, so that overflow is defined.
constexpr auto kSumOfIntegers = [](std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
};
constexpr auto kProductOfIntegers = [](std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
};
constexpr auto kLargerInteger = [](std::int64_t a, std::int64_t b) { return std::max(a, b); };
constexpr auto kSmallerInteger = [](std::int64_t a, std::int64_t b) { return std::min(a, b); };

template <class Combine>
void reduce_integer_rows(const std::int64_t* x, std::int64_t rows, std::int64_t n, std::int64_t* y) {
  for (std::int64_t r = 0; r < rows; ++r, x += n) {
    std::int64_t result = x[0];
    for (std::int64_t j = 1; j < n; ++j) result = Combine()(result, x[j]);
    y[r] = result;
  }
}

template <class Combine>
void reduce_integer_columns(const std::int64_t* x, std::int64_t n, std::int64_t stride, std::int64_t columns, std::int64_t* y) {
  std::copy_n(x, columns, y);
  for (std::int64_t j = 1; j < n; ++j)
    for (std::int64_t i = 0; i < columns; ++i) y[i] = Combine()(y[i], x[j * stride + i]);
}

constexpr ReduceLoops<std::int64_t> kIntegerLoops = {
    {reduce_integer_rows<decltype(kSumOfIntegers)>, reduce_integer_rows<decltype(kProductOfIntegers)>,
     reduce_integer_rows<decltype(kLargerInteger)>, reduce_integer_rows<decltype(kSmallerInteger)>},
    {reduce_integer_columns<decltype(kSumOfIntegers)>, reduce_integer_columns<decltype(kProductOfIntegers)>,
     reduce_integer_columns<decltype(kLargerInteger)>, reduce_integer_columns<decltype(kSmallerInteger)>},
    nullptr,
    nullptr};  // integers have no gradient

}  // namespace

template <>
const ReduceLoops<std::int64_t>& reduce_loops() noexcept {
  return kIntegerLoops;
}

}  // namespace detail

template <class T>
void reduce(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y) {
  if (outer == 0 || inner == 0) return;
  if (n == 0) {
    std::fill_n(y, outer * inner, kind == Reduction::prod ? T{1} : T{0});
    return;
  }
  if (inner == 1) return reduce_last(kind, x, outer, n, y);

  // Few columns and many rows: the rows are divided too.
  constexpr std::int64_t kFewStrips = 16;
  const std::int64_t strips = outer * ((inner - 1) / kColumnsAtOnce + 1), part = grain_of(std::min(inner, kColumnsAtOnce));
  if (strips >= kFewStrips || n < 2 * part) return reduce_strips(kind, x, outer, n, inner, y);
  const std::int64_t parts = n / part, rest = n - parts * part;  // the last part includes the rest
  const auto columns_loop = detail::reduce_loops<T>().columns(kind);
  std::vector<T> partial(static_cast<std::size_t>(outer * parts * inner));
  parallel_pieces(outer * parts, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) {
      const std::int64_t o = p / parts, j = p % parts;
      const T* from = x + (o * n + j * part) * inner;
      for (std::int64_t i = 0; i < inner; i += kColumnsAtOnce) {
        columns_loop(from + i, part + (j == parts - 1 ? rest : 0), inner, std::min(kColumnsAtOnce, inner - i),
                     &partial[static_cast<std::size_t>(p * inner + i)]);
      }
    }
  });
  reduce_strips(kind, partial.data(), outer, parts, inner, y);
}

template <class T>
void product_gradient(const T* x, const T* grad, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y) {
  if (outer == 0 || n == 0 || inner == 0) return;
  // A piece of a row or column stays in the first-level cache, where it is passed over twice. The seed of a piece is the product of the
  // others.
  const std::int64_t piece = inner == 1 ? 1024 : std::max<std::int64_t>(64, 2048 / inner);
  const std::int64_t parts = (n - 1) / piece + 1, groups = outer * parts * inner;
  const T* seeds = grad;
  std::vector<T> products, others;
  if (parts > 1) {
    products.resize(static_cast<std::size_t>(groups));
    others.resize(static_cast<std::size_t>(groups));
  }
  const auto each_part = [&](std::int64_t strip_count, const auto& body) {
    parallel_pieces(outer * parts * strip_count, grain_of(std::min(n, piece) * std::min(inner, kColumnsAtOnce)),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t k = begin; k < end; ++k) {
                        const std::int64_t part = k / strip_count, i = k % strip_count * kColumnsAtOnce, j = part % parts * piece;
                        body((part / parts * n + j) * inner + i, std::min(piece, n - j), std::min(kColumnsAtOnce, inner - i),
                             part * inner + i);
                      }
                    });
  };
  const std::int64_t strips = (inner - 1) / kColumnsAtOnce + 1;
  if (parts > 1) {
    const auto rows_loop = detail::reduce_loops<T>().rows(Reduction::prod);
    const auto columns_loop = detail::reduce_loops<T>().columns(Reduction::prod);
    each_part(strips, [&](std::int64_t at, std::int64_t rows, std::int64_t columns, std::int64_t group) {
      T* const to = products.data() + group;
      inner == 1 ? rows_loop(x + at, 1, rows, to) : columns_loop(x + at, rows, inner, columns, to);
    });
    product_gradient(products.data(), grad, outer, parts, inner, others.data());
    seeds = others.data();
  }
  const auto rows_loop = detail::reduce_loops<T>().others_of_rows;
  const auto columns_loop = detail::reduce_loops<T>().others_of_columns;
  if (inner == 1 && parts == 1) {
    parallel_pieces(outer, grain_of(n),
                    [&](std::int64_t begin, std::int64_t end) { rows_loop(x + begin * n, end - begin, n, seeds + begin, y + begin * n); });
    return;
  }
  each_part(strips, [&](std::int64_t at, std::int64_t rows, std::int64_t columns, std::int64_t group) {
    inner == 1 ? rows_loop(x + at, 1, rows, seeds + group, y + at) : columns_loop(x + at, rows, inner, columns, seeds + group, y + at);
  });
}

template <class T>
void reduce_arg(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, std::int64_t* y) {
  if (outer == 0 || inner == 0) return;
  if (inner == 1) {
    const auto rows_loop = detail::reduce_loops<T>().rows(kind);
    parallel_pieces(outer, grain_of(n), [&](std::int64_t begin, std::int64_t end) {
      constexpr std::int64_t kRows = 64;
      T chosen[kRows];
      for (std::int64_t first = begin; first < end; first += kRows) {
        const std::int64_t rows = std::min(kRows, end - first);
        rows_loop(x + first * n, rows, n, chosen);
        for (std::int64_t r = 0; r < rows; ++r) y[first + r] = place_of(chosen[r], x + (first + r) * n, n);
      }
    });
  } else if (kind == Reduction::max) {
    arg_of_columns(x, outer, n, inner, y, [](T a, T b) { return a > b || (a != a && b == b); });
  } else {
    arg_of_columns(x, outer, n, inner, y, [](T a, T b) { return a < b || (a != a && b == b); });
  }
}

template void reduce(Reduction, const float*, std::int64_t, std::int64_t, std::int64_t, float*);
template void reduce(Reduction, const double*, std::int64_t, std::int64_t, std::int64_t, double*);
template void product_gradient(const float*, const float*, std::int64_t, std::int64_t, std::int64_t, float*);
template void product_gradient(const double*, const double*, std::int64_t, std::int64_t, std::int64_t, double*);
template void reduce(Reduction, const std::int64_t*, std::int64_t, std::int64_t, std::int64_t, std::int64_t*);
template void reduce_arg(Reduction, const float*, std::int64_t, std::int64_t, std::int64_t, std::int64_t*);
template void reduce_arg(Reduction, const double*, std::int64_t, std::int64_t, std::int64_t, std::int64_t*);
template void reduce_arg(Reduction, const std::int64_t*, std::int64_t, std::int64_t, std::int64_t, std::int64_t*);

}  // namespace chainrule::kernels
