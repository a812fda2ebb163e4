// Matrix products without a BLAS: register-blocked loops with Highway. op(B) is packed if it is stored transposed, op(A) if its rows are
// far apart in memory.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "autograd/base/memory.h"
#include "autograd/kernels/gemm_backends.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "autograd/kernels/gemm_builtin.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::detail {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Of 32 vector registers 24 hold sums, of 16 registers 12; the rest hold operands.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kRows = 12;
#else
constexpr int kRows = 6;
#endif
constexpr std::int64_t kDepth = 256;  // part of k processed at once, so that a panel of op(B), two vectors wide, fits the first-level cache
constexpr std::int64_t kHeight = 20 * kRows;

constexpr std::int64_t kDotRows = 2;  // up to this number of rows of C, dot products are faster than packing a transposed op(B)
// Smallest sizes for which packing is worthwhile on processors where it is at all (measured).
constexpr std::int64_t kPackBRows = 48, kPackBElements = 8192;
constexpr std::int64_t kPackARows = 192, kPackAColumns = 64, kPackADepth = 96;

// The memory that a register tile reads and writes. op(A)[r, p] = a[r·a_row + p·a_depth] for r < kRows, and the next kRows rows start at a
// + a_panel. op(B)[p, :] starts at b[p·b_depth].
template <class T>
struct Tile {
  const T* a;
  std::int64_t a_row, a_depth, a_panel;
  const T* b;
  std::int64_t b_depth;
  std::int64_t depth;
  T* c;
  std::int64_t c_row;
  bool add;
};

// Computes C[0..R, 0..V lanes] = A·B, or += A·B, over the depth of the tile. If kPart is set, only the first `columns` lanes are read and
// written (V = 1).
template <int R, int V, bool kPart, class D, class T = hn::TFromD<D>>
HWY_INLINE void multiply_tile(D d, const Tile<T>& tile, std::int64_t columns) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto mask = hn::FirstN(d, static_cast<std::size_t>(columns));
  hn::Vec<D> sums[R][V];
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[r][v] = hn::Zero(d);
  }
  const T* HWY_RESTRICT b = tile.b;
  const T* HWY_RESTRICT a = tile.a;
  const std::int64_t a_row = tile.a_row;
  for (std::int64_t p = 0; p < tile.depth; ++p) {
    hn::Vec<D> row[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      if constexpr (kPart) {
        row[v] = hn::MaskedLoad(mask, d, b);
      } else {
        row[v] = hn::LoadU(d, b + v * lanes);
      }
    }
#pragma GCC unroll 12
    for (int r = 0; r < R; ++r) {
      const auto value = hn::Set(d, a[r * a_row]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sums[r][v] = hn::MulAdd(value, row[v], sums[r][v]);
    }
    a += tile.a_depth;
    b += tile.b_depth;
  }
#pragma GCC unroll 12
  for (int r = 0; r < R; ++r) {
    T* HWY_RESTRICT c = tile.c + r * tile.c_row;
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      if constexpr (kPart) {
        hn::BlendedStore(tile.add ? hn::Add(hn::MaskedLoad(mask, d, c), sums[r][v]) : sums[r][v], mask, d, c);
      } else {
        hn::StoreU(tile.add ? hn::Add(hn::LoadU(d, c + v * lanes), sums[r][v]) : sums[r][v], d, c + v * lanes);
      }
    }
  }
}

// Computes rows [0, m) of C for one panel of op(B) that is V vectors wide.
template <int V, bool kPart, class D, class T = hn::TFromD<D>>
HWY_NOINLINE void multiply_panel(D d, Tile<T> tile, std::int64_t m, std::int64_t columns) {
  const auto advance = [&tile, &m](std::int64_t rows) {
    tile.a += rows == kRows ? tile.a_panel : rows * tile.a_row;
    tile.c += rows * tile.c_row;
    m -= rows;
  };
  if constexpr (V <= 2) {
    while (m >= kRows) {
      multiply_tile<kRows, V, kPart>(d, tile, columns);
      advance(kRows);
    }
    if constexpr (kRows > 8) {
      while (m >= 8) {
        multiply_tile<8, V, kPart>(d, tile, columns);
        advance(8);
      }
    }
  }
  if constexpr (V * 4 <= 2 * kRows) {
    while (m >= 4) {
      multiply_tile<4, V, kPart>(d, tile, columns);
      advance(4);
    }
  }
  if constexpr (V * 2 <= 2 * kRows) {
    while (m >= 2) {
      multiply_tile<2, V, kPart>(d, tile, columns);
      advance(2);
    }
  }
  while (m >= 1) {
    multiply_tile<1, V, kPart>(d, tile, columns);
    advance(1);
  }
}

// Computes the first n columns of C: at most the width of a panel if op(B) is packed, otherwise any number.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void multiply_columns(D d, Tile<T> tile, std::int64_t m, std::int64_t n) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto advance = [&tile, &n](std::int64_t columns) {
    tile.b += columns;
    tile.c += columns;
    n -= columns;
  };
  if (m <= 2) {  // few sums for each column: more columns at once keep the arithmetic units busy
    while (n >= 8 * lanes) {
      multiply_panel<8, false>(d, tile, m, lanes);
      advance(8 * lanes);
    }
  }
  if (m <= 4 && kRows > 8) {
    while (n >= 4 * lanes) {
      multiply_panel<4, false>(d, tile, m, lanes);
      advance(4 * lanes);
    }
  }
  while (n >= 2 * lanes) {
    multiply_panel<2, false>(d, tile, m, lanes);
    advance(2 * lanes);
  }
  while (n >= lanes) {
    multiply_panel<1, false>(d, tile, m, lanes);
    advance(lanes);
  }
  if (n == 0) return;
#if HWY_MEM_OPS_MIGHT_FAULT
  const hn::CappedTag<T, 1> one;
  while (n >= 1) {
    multiply_panel<1, false>(one, tile, m, 1);
    advance(1);
  }
#else
  multiply_panel<1, true>(d, tile, m, n);
#endif
}

// to[p·width + j] = from[j·stride + p] for j in [0, count), p in [0, depth). Other elements of `to` are not written.
template <class T>
HWY_INLINE void pack_transposed(const T* from, std::int64_t stride, std::int64_t count, std::int64_t depth, std::int64_t width, T* to) {
  std::int64_t j = 0;
#if HWY_TARGET != HWY_SCALAR
  constexpr std::int64_t kSide = 16 / sizeof(T);
  const hn::FixedTag<T, kSide> d;
  for (; j + kSide <= count; j += kSide) {
    const T* HWY_RESTRICT source = from + j * stride;
    T* HWY_RESTRICT target = to + j;
    std::int64_t p = 0;
    for (; p + kSide <= depth; p += kSide, source += kSide, target += kSide * width) {
      const auto row0 = hn::LoadU(d, source), row1 = hn::LoadU(d, source + stride);
      const auto low = hn::InterleaveLower(d, row0, row1), high = hn::InterleaveUpper(d, row0, row1);
      if constexpr (kSide == 2) {
        hn::StoreU(low, d, target);
        hn::StoreU(high, d, target + width);
      } else {
        const auto row2 = hn::LoadU(d, source + 2 * stride), row3 = hn::LoadU(d, source + 3 * stride);
        const auto low2 = hn::InterleaveLower(d, row2, row3), high2 = hn::InterleaveUpper(d, row2, row3);
        hn::StoreU(hn::ConcatLowerLower(d, low2, low), d, target);
        hn::StoreU(hn::ConcatUpperUpper(d, low2, low), d, target + width);
        hn::StoreU(hn::ConcatLowerLower(d, high2, high), d, target + 2 * width);
        hn::StoreU(hn::ConcatUpperUpper(d, high2, high), d, target + 3 * width);
      }
    }
    for (; p < depth; ++p, ++source, target += width) {
      for (std::int64_t side = 0; side < kSide; ++side) target[side] = source[side * stride];
    }
  }
#endif
  for (; j < count; ++j) {
    for (std::int64_t p = 0; p < depth; ++p) to[p * width + j] = from[j * stride + p];
  }
}

// to[p·width + j] = from[p·stride + j] for j in [0, count), p in [0, depth).
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void pack(D d, const T* from, std::int64_t stride, std::int64_t count, std::int64_t depth, std::int64_t width, T* to) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t p = 0; p < depth; ++p, from += stride, to += width) {
    std::int64_t j = 0;
    for (; j + lanes <= count; j += lanes) hn::StoreU(hn::LoadU(d, from + j), d, to + j);
    for (; j < count; ++j) to[j] = from[j];
  }
}

// Computes one row of C if op(B) is stored transposed: the dot products of a with the rows of b, four at a time.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE void multiply_dots(D d, const T* HWY_RESTRICT a, const T* b, std::int64_t ldb, std::int64_t n, std::int64_t k, bool add, T* c) {
  constexpr int kDots = 4;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto dots = [&]<int kCount>(std::integral_constant<int, kCount>, std::int64_t j) HWY_ATTR {
    hn::Vec<D> sums[kCount];
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) sums[i] = hn::Zero(d);
    const T* HWY_RESTRICT row = b + j * ldb;
    std::int64_t p = 0;
    for (; p + lanes <= k; p += lanes) {
      const auto value = hn::LoadU(d, a + p);
#pragma GCC unroll 4
      for (int i = 0; i < kCount; ++i) sums[i] = hn::MulAdd(value, hn::LoadU(d, row + i * ldb + p), sums[i]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < kCount; ++i) {
      T sum = hn::GetLane(hn::SumOfLanes(d, sums[i]));
      for (std::int64_t q = p; q < k; ++q) sum += a[q] * row[i * ldb + q];
      c[j + i] = add ? c[j + i] + sum : sum;
    }
  };
  std::int64_t j = 0;
  for (; j + kDots <= n; j += kDots) dots(std::integral_constant<int, kDots>(), j);
  for (; j < n; ++j) dots(std::integral_constant<int, 1>(), j);
}

// The buffer in which a product packs op(A), from the pool of the thread.
template <class T>
class ABuffer {
 public:
  explicit ABuffer(bool wanted) {
    if (wanted) bytes_ = chainrule::detail::allocate_buffer(capacity());
  }
  ~ABuffer() {
    if (bytes_ != nullptr) chainrule::detail::free_buffer(bytes_, capacity());
  }
  ABuffer(const ABuffer&) = delete;
  ABuffer& operator=(const ABuffer&) = delete;

  // Null unless the buffer is wanted.
  T* get() const noexcept { return reinterpret_cast<T*>(bytes_); }

 private:
  static std::size_t capacity() noexcept {
    return chainrule::detail::buffer_capacity(static_cast<std::size_t>(kHeight * kDepth) * sizeof(T));
  }

  std::byte* bytes_ = nullptr;
};

template <class T>
HWY_INLINE void multiply(const GemmBlock<T>& block) {
  const hn::ScalableTag<T> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  if (block.m <= kDotRows && block.transpose_b && !block.transpose_a) {
    for (std::int64_t i = 0; i < block.m; ++i) {
      multiply_dots(d, block.a + i * block.lda, block.b, block.ldb, block.n, block.k, block.beta != T{0}, block.c + i * block.ldc);
    }
    return;
  }
  const std::int64_t width = 2 * lanes;
  const bool packs = !on_amd();
  const bool pack_b = block.transpose_b || (packs && block.m >= kPackBRows && block.n * std::min(kDepth, block.k) > kPackBElements);
  const bool pack_a = packs && block.transpose_a && block.m >= kPackARows && block.n >= kPackAColumns && block.k >= kPackADepth;
  Tile<T> tile;
  tile.c_row = block.ldc;
  alignas(64) T b_panel[kDepth * 2 * HWY_MAX_BYTES / sizeof(T)];
  const ABuffer<T> a_buffer(pack_a);
  T* const a_panels = a_buffer.get();
  for (std::int64_t p = 0; p < block.k; p += kDepth) {
    tile.depth = std::min(kDepth, block.k - p);
    tile.add = p > 0 || block.beta != T{0};
    for (std::int64_t i = 0; i < block.m; i += kHeight) {
      const std::int64_t m = std::min(kHeight, block.m - i);
      tile.a_row = block.transpose_a ? 1 : block.lda;
      tile.a_depth = block.transpose_a ? block.lda : 1;
      tile.a_panel = kRows * tile.a_row;
      tile.a = block.a + i * tile.a_row + p * tile.a_depth;
      if (pack_a) {
        for (std::int64_t r = 0; r < m; r += kRows) {
          const std::int64_t rows = std::min<std::int64_t>(kRows, m - r);
          pack(hn::CappedTag<T, 4>(), tile.a + r, block.lda, rows, tile.depth, kRows, a_panels + r * tile.depth);
        }
        tile.a = a_panels;
        tile.a_row = 1;
        tile.a_depth = kRows;
        tile.a_panel = kRows * tile.depth;
      }
      tile.c = block.c + i * block.ldc;
      if (!pack_b) {
        tile.b = block.b + p * block.ldb;
        tile.b_depth = block.ldb;
        multiply_columns(d, tile, m, block.n);
        continue;
      }
      tile.b = b_panel;
      tile.b_depth = width;
      for (std::int64_t j = 0; j < block.n; j += width) {
        const std::int64_t n = std::min(width, block.n - j);
        if (block.transpose_b) {
          pack_transposed(block.b + j * block.ldb + p, block.ldb, n, tile.depth, width, b_panel);
        } else {
          pack(d, block.b + p * block.ldb + j, block.ldb, n, tile.depth, width, b_panel);
        }
        multiply_columns(d, tile, m, n);
        tile.c += n;
      }
    }
  }
}

}  // namespace

void multiply_float(const GemmBlock<float>& block) { multiply(block); }
void multiply_double(const GemmBlock<double>& block) { multiply(block); }

}  // namespace HWY_NAMESPACE
}  // namespace chainrule::kernels::detail
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace chainrule::kernels::detail {

HWY_EXPORT(multiply_float);
HWY_EXPORT(multiply_double);

bool on_amd() noexcept {
#if HWY_ARCH_X86
  static const bool amd = __builtin_cpu_is("amd") != 0;
  return amd;
#else
  return false;
#endif
}

void gemm_builtin(const GemmBlock<float>& block) { HWY_DYNAMIC_DISPATCH(multiply_float)(block); }
void gemm_builtin(const GemmBlock<double>& block) { HWY_DYNAMIC_DISPATCH(multiply_double)(block); }

}  // namespace chainrule::kernels::detail

#endif
