// All matrix products: by oneDNN, CBLAS or the builtin loops, as chosen at build time (CHAINRULE_GEMM).
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

/// C = op(A)·op(B) + beta·C, row-major and without gaps between rows. C is [m, n], op(A) is [m, k] and op(B) is [k, n]. A transposed
/// operand is stored transposed: A as [k, m], B as [n, k]. beta is 0 (C is not read) or 1. Then `bias` [n], unless it is null, is added to
/// every row, and relu is applied if `relu` is set; both happen for each block of C while it is in the cache.
template <class T>
struct Product {
  bool transpose_a, transpose_b;
  std::int64_t m, n, k;
  const T *a, *b;
  T beta;
  T* c;
  const T* bias = nullptr;
  bool relu = false;
};

/// A product divided into blocks, which parallel_loops() can run together with other loops. The blocks depend on m, n and k only, so the
/// bits are the same on any number of threads.
template <class T>
class ProductLoop {
 public:
  explicit ProductLoop(const Product<T>& product);
  ProductLoop(const ProductLoop&) = delete;
  ProductLoop& operator=(const ProductLoop&) = delete;

  /// Returns the loop over the blocks, which is valid as long as this object. Its count is 0 if C is empty.
  Loop loop() noexcept { return {pieces_, 1, range_body(*this)}; }
  /// Returns true if the product should run on one thread, with no other product at the same time, because the BLAS starts threads itself
  /// or runs only one call at a time.
  bool wants_one_caller() const noexcept { return one_caller_; }
  /// Computes the blocks from `begin` to `end` - 1 on the calling thread.
  void operator()(std::int64_t begin, std::int64_t end) const;

 private:
  void run_block(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const;

  Product<T> product_;
  std::int64_t block_rows_, block_columns_, across_, pieces_;
  bool builtin_, one_caller_;
};

/// Computes one product. For k = 0 the result is 0 (or C if beta is 1).
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float beta,
          float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double beta,
          double* c);

/// Returns the name of the backend: "onednn+cblas" or "builtin".
const char* gemm_backend() noexcept;

}  // namespace chainrule::kernels
