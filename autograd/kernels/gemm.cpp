// Divides the result of a matrix product into blocks, which depend only on the sizes, and computes each on one thread.
#include "autograd/kernels/gemm.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/gemm_backends.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

namespace {

using detail::GemmBlock;

// Returns m·n·k, or the largest integer if that overflows.
std::int64_t multiplications(std::int64_t m, std::int64_t n, std::int64_t k) {
  std::int64_t work;
  const bool fits = !__builtin_mul_overflow(m, n, &work) && !__builtin_mul_overflow(work, k, &work);
  return fits ? work : std::numeric_limits<std::int64_t>::max();
}

#ifdef CHAINRULE_GEMM_ONEDNN

// Up to these sizes the builtin loops are faster (measured), because they neither pack operands nor choose a kernel, and do not pad narrow
// matrices.
constexpr std::int64_t kFewMultiplications = 7 * 512 * 1024, kFewColumns = 64, kFewRowsTransposed = 128;
constexpr std::int64_t kFewMultiplicationsDouble = 32 * 1024;

// On AMD processors both are equally fast up to this k. The builtin loops are preferred there because they need no system calls; for oneDNN
// signals must be blocked (see gemm_onednn.cpp). For a larger k they would have to be blocked along k to fit the caches.
constexpr std::int64_t kDepthOnAmd = 1024;

bool runs_builtin(std::int64_t work, const GemmBlock<float>& product) {
  return work <= kFewMultiplications || product.n <= kFewColumns || (product.transpose_b && product.m <= kFewRowsTransposed) ||
         (product.k <= kDepthOnAmd && detail::on_amd());
}

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
  std::int64_t rows, columns;  // size of a block
};

// Returns the size of a part if `size` is divided into about `parts` parts, a power of two, of at least `least`. The size of a part is
// rounded to a multiple of `multiple`, even if that leaves a small additional part: rows beyond a multiple cost more than a separate part
// (784 in 8 parts: 96 each and 16 left, not 98 each).
std::int64_t part_size(std::int64_t size, std::int64_t parts, std::int64_t least, std::int64_t multiple) {
  parts = std::min(parts, static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(size / least, 1)))));
  if (parts == 1) return size;
  return std::max((size / parts + multiple / 2) / multiple * multiple, multiple);
}

// Multiplications in a block for which a fork, and packing for each block, are worthwhile (measured). The builtin loops pack less, so up to
// four blocks may be smaller.
constexpr std::int64_t kBuiltinBlock = 512 * 1024, kLibraryBlock = 3 * 1024 * 1024;

// Chooses the size of the blocks. There are at least two blocks if the product has `block` multiplications, and more if each of them has
// enough work; unless the product is huge, there are few, because each block reads its operands again. Rows are divided before columns if
// op(B), of `b_bytes` bytes, stays in a core's cache from one block to the next, and if there are enough rows to hide the time for loading
// it. Otherwise op(B) is read once for each division of the rows, and the division that reads least is chosen (128x1024x1024: 4 times as
// fast).
Cuts cuts(std::int64_t work, std::int64_t m, std::int64_t n, std::int64_t block, std::int64_t b_bytes) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 27, kHugeBlock = std::int64_t{1} << 26;
  constexpr std::int64_t kSmallBlocks = 4, kFewBlocks = 8, kManyBlocks = 64;
  constexpr std::int64_t kLeastRows = 16, kRowMultiple = 8, kLeastColumns = 64, kColumnMultiple = 32, kCachedBytes = 512 * 1024,
                         kFewRows = 48;
  if (work < block) return {m, n};
  const bool cached = b_bytes <= kCachedBytes && m > kFewRows;
  const std::int64_t small = std::min(work / block, kSmallBlocks);
  const std::int64_t worth = work < kHuge ? std::clamp<std::int64_t>(std::max(small, work / kLibraryBlock), 2, kFewBlocks)
                                          : std::clamp(work / kHugeBlock, kFewBlocks, kManyBlocks);
  const auto blocks = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(worth)));
  Cuts best{m, n};
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t parts = blocks; parts >= 1 && (!cached || parts == blocks); parts /= 2) {
    const std::int64_t rows = part_size(m, parts, kLeastRows, kRowMultiple), down = (m - 1) / rows + 1;
    const std::int64_t columns = part_size(n, std::max<std::int64_t>(blocks / down, 1), kLeastColumns, kColumnMultiple);
    const std::int64_t reads = down * n + ((n - 1) / columns + 1) * m;  // elements read of both operands, divided by k
    if (reads >= least) continue;
    best = {rows, columns};
    least = reads;
  }
  return best;
}

template <class T>
GemmBlock<T> whole(const Product<T>& p) {
  return {p.transpose_a, p.transpose_b, p.m, p.n, p.k, p.a, p.transpose_a ? p.m : p.k, p.b, p.transpose_b ? p.k : p.n, p.beta, p.c, p.n};
}

template <class T>
void multiply(const Product<T>& product) {
  if (product.m == 0 || product.n == 0) return;
  // Small products are not divided, which saves time.
  const std::int64_t work = multiplications(product.m, product.n, product.k);
  const bool plain = product.bias == nullptr && !product.relu;
  if (plain && work > 0 && work < kBuiltinBlock && runs_builtin(work, whole(product))) return detail::gemm_builtin(whole(product));
  ProductLoop<T> loop(product);
  parallel_pieces(loop.loop().count, 1, loop);
}

}  // namespace

template <class T>
ProductLoop<T>::ProductLoop(const Product<T>& product)
    : product_(product), block_rows_(product.m), block_columns_(product.n), across_(1), pieces_(0), builtin_(true), one_caller_(false) {
  const auto [m, n, k] = std::array{product.m, product.n, product.k};
  if (m == 0 || n == 0) return;
  pieces_ = 1;
  if (k == 0) return;
  const std::int64_t work = multiplications(m, n, k);
  builtin_ = runs_builtin(work, whole(product));
  const Cuts block = cuts(work, m, n, builtin_ ? kBuiltinBlock : kLibraryBlock, k * n * static_cast<std::int64_t>(sizeof(T)));
  block_rows_ = block.rows;
  block_columns_ = block.columns;
  across_ = (n - 1) / block_columns_ + 1;
  pieces_ = across_ * ((m - 1) / block_rows_ + 1);
  one_caller_ = !builtin_ && library_wants_one_caller(whole(product));
  if (one_caller_) pieces_ = 1;
}

template <class T>
void ProductLoop<T>::operator()(std::int64_t begin, std::int64_t end) const {
  if (one_caller_) end = across_ * ((product_.m - 1) / block_rows_ + 1);
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t row = i / across_ * block_rows_, column = i % across_ * block_columns_;
    run_block(row, std::min(block_rows_, product_.m - row), column, std::min(block_columns_, product_.n - column));
  }
}

template <class T>
void ProductLoop<T>::run_block(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const {
  GemmBlock<T> block = whole(product_);
  block.m = rows;
  block.n = columns;
  block.a += block.transpose_a ? row : row * block.lda;
  block.b += block.transpose_b ? column * block.ldb : column;
  block.c += row * block.ldc + column;
  if (product_.k == 0) {
    if (block.beta == T{0}) std::fill_n(block.c, rows * columns, T{0});  // there is only one block then
  } else if (builtin_) {
    detail::gemm_builtin(block);
  } else {
    run_library(block);
  }
  if (product_.bias != nullptr || product_.relu) {
    elementwise<T>().finish_rows(product_.bias == nullptr ? nullptr : product_.bias + column, product_.relu, block.c, block.ldc, rows,
                                 columns);
  }
}

template class ProductLoop<float>;
template class ProductLoop<double>;

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float beta,
          float* c) {
  multiply<float>({transpose_a, transpose_b, m, n, k, a, b, beta, c});
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double beta,
          double* c) {
  multiply<double>({transpose_a, transpose_b, m, n, k, a, b, beta, c});
}

const char* gemm_backend() noexcept {
#ifdef CHAINRULE_GEMM_ONEDNN
  return "onednn+cblas";
#else
  return "builtin";
#endif
}

}  // namespace chainrule::kernels
