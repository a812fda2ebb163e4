// The seam to matrix products: cuts C into blocks that depend on its shape alone and runs each on one thread.
#include "autograd/kernels/gemm.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "autograd/kernels/gemm_backends.h"
#include "autograd/kernels/parallel.h"

namespace chainrule::kernels {

namespace {

using detail::GemmBlock;

// m·n·k, saturating.
std::int64_t multiplications(std::int64_t m, std::int64_t n, std::int64_t k) {
  std::int64_t work;
  const bool fits = !__builtin_mul_overflow(m, n, &work) && !__builtin_mul_overflow(work, k, &work);
  return fits ? work : std::numeric_limits<std::int64_t>::max();
}

#ifdef CHAINRULE_GEMM_ONEDNN

// Up to here the builtin loops are faster (measured): they neither pack nor choose a kernel, and take narrow matrices as they are.
constexpr std::int64_t kFewMultiplications = 512 * 1024, kFewColumns = 64;
constexpr std::int64_t kFewMultiplicationsDouble = 32 * 1024;

bool runs_builtin(std::int64_t work, const GemmBlock<float>& product) { return work <= kFewMultiplications || product.n <= kFewColumns; }

bool runs_builtin(std::int64_t work, const GemmBlock<double>& product) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  return work <= kFewMultiplicationsDouble || std::max({product.m, product.lda, product.ldb, product.ldc, product.k}) > kMost;
}

void run_library(const GemmBlock<float>& block) { detail::gemm_onednn(block); }
void run_library(const GemmBlock<double>& block) { detail::gemm_cblas(block); }

bool library_wants_one_caller(const GemmBlock<float>&) { return false; }
bool library_wants_one_caller(const GemmBlock<double>&) { return detail::cblas_wants_one_caller(); }

#else

template <class T>
bool runs_builtin(std::int64_t, const GemmBlock<T>&) {
  return true;
}
template <class T>
void run_library(const GemmBlock<T>& block) {
  detail::gemm_builtin(block);
}
template <class T>
bool library_wants_one_caller(const GemmBlock<T>&) {
  return false;
}

#endif

struct Cuts {
  std::int64_t rows, columns;  // of one block
};

// The size of a part where `size` is cut into at most `parts`, a power of two, of at least `least` and a multiple of `multiple`.
std::int64_t part_size(std::int64_t size, std::int64_t parts, std::int64_t least, std::int64_t multiple) {
  parts = std::min(parts, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(size / least, 1)))));
  if (parts == 1) return size;
  return ((size - 1) / parts / multiple + 1) * multiple;
}

// Multiplications of a block that is worth its fork and what the backend packs once a block (measured). The builtin loops pack less.
constexpr std::int64_t kBuiltinBlock = 512 * 1024, kLibraryBlock = 3 * 1024 * 1024;

// Two blocks as soon as they are worth it a little, more as there is work for whole ones; few unless the product is huge, as each block
// packs its operands again. Rows are cut before columns while op(B), of so many bytes, stays in a core's cache from one block to the next;
// a larger one is read anew for each cut of the rows, so the cuts are those that read least (128x1024x1024: 4 times as fast).
Cuts cuts(std::int64_t work, std::int64_t m, std::int64_t n, std::int64_t block, std::int64_t b_bytes) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 27, kHugeBlock = std::int64_t{1} << 26, kFewBlocks = 8, kManyBlocks = 64;
  constexpr std::int64_t kLeastRows = 16, kRowMultiple = 4, kLeastColumns = 64, kColumnMultiple = 32, kCachedBytes = 512 * 1024;
  if (work < block) return {m, n};
  const bool cached = b_bytes <= kCachedBytes;
  const std::int64_t worth = work < kHuge ? std::clamp<std::int64_t>(work / block, 2, kFewBlocks)
                                          : std::clamp(work / (cached ? block : kHugeBlock), kFewBlocks, kManyBlocks);
  const auto blocks = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(worth)));
  Cuts best{m, n};
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t parts = blocks; parts >= 1 && (!cached || parts == blocks); parts /= 2) {
    const std::int64_t rows = part_size(m, parts, kLeastRows, kRowMultiple), down = (m - 1) / rows + 1;
    const std::int64_t columns = part_size(n, std::max<std::int64_t>(blocks / down, 1), kLeastColumns, kColumnMultiple);
    const std::int64_t reads = down * n + ((n - 1) / columns + 1) * m;  // of both operands, for each of k
    if (reads >= least) continue;
    best = {rows, columns};
    least = reads;
  }
  return best;
}

template <class T>
void multiply(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const T* a, const T* b, T beta, T* c) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (beta == T{0}) std::fill_n(c, m * n, T{0});
    return;
  }
  const GemmBlock<T> product{transpose_a, transpose_b, m, n, k, a, transpose_a ? m : k, b, transpose_b ? k : n, beta, c, n};
  const std::int64_t work = multiplications(m, n, k);
  const bool builtin = runs_builtin(work, product);
  const auto run = [builtin](const GemmBlock<T>& block) { builtin ? detail::gemm_builtin(block) : run_library(block); };
  if (builtin && work < kBuiltinBlock) return detail::gemm_builtin(product);
  const Cuts block_size = cuts(work, m, n, builtin ? kBuiltinBlock : kLibraryBlock, k * n * static_cast<std::int64_t>(sizeof(T)));
  if (block_size.rows == m && block_size.columns == n) return run(product);

  const std::int64_t across = (n - 1) / block_size.columns + 1, down = (m - 1) / block_size.rows + 1;
  const auto run_blocks = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i / across * block_size.rows, column = i % across * block_size.columns;
      GemmBlock<T> block = product;
      block.m = std::min(block_size.rows, m - row);
      block.n = std::min(block_size.columns, n - column);
      block.a += transpose_a ? row : row * product.lda;
      block.b += transpose_b ? column * product.ldb : column;
      block.c += row * n + column;
      run(block);
    }
  };
  if (!builtin && library_wants_one_caller(product)) return run_blocks(0, across * down);
  parallel_pieces(across * down, 1, run_blocks);
}

}  // namespace

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float beta,
          float* c) {
  multiply(transpose_a, transpose_b, m, n, k, a, b, beta, c);
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double beta,
          double* c) {
  multiply(transpose_a, transpose_b, m, n, k, a, b, beta, c);
}

const char* gemm_backend() noexcept {
#ifdef CHAINRULE_GEMM_ONEDNN
  return "onednn+cblas";
#else
  return "builtin";
#endif
}

}  // namespace chainrule::kernels
