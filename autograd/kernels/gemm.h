// The one seam to matrix products: oneDNN, CBLAS or the builtin loops, chosen when the library is built (CHAINRULE_GEMM).
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

/// C = op(A)·op(B) + beta·C, row-major and without gaps between rows: C is [m, n], op(A) is [m, k], op(B) is [k, n];
/// a transposed operand is stored the other way round (A as [k, m], B as [n, k]). beta is 0 (C is only written) or 1.
/// Then, in each block of C while the cache still holds it: `bias` [n], if any, is added to every row; and of that relu is taken, if asked.
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

/// A product in blocks, to be run beside other loops (parallel_loops). The same bits on any number of threads: the cuts depend on m, n
/// and k only.
template <class T>
class ProductLoop {
 public:
  explicit ProductLoop(const Product<T>& product);
  ProductLoop(const ProductLoop&) = delete;
  ProductLoop& operator=(const ProductLoop&) = delete;

  /// Only as long-lived as this. No loop (a count of 0) where C is empty.
  Loop loop() noexcept { return {pieces_, 1, range_body(*this)}; }
  /// Whether other threads are no help, nor products beside it: the BLAS starts its own, or runs one call at a time.
  bool wants_one_caller() const noexcept { return one_caller_; }
  /// Runs blocks, each on the calling thread.
  void operator()(std::int64_t begin, std::int64_t end) const;

 private:
  void run_block(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const;

  Product<T> product_;
  std::int64_t block_rows_, block_columns_, across_, pieces_;
  bool builtin_, one_caller_;
};

/// One product alone; k = 0 gives zeros (or C).
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float beta,
          float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double beta,
          double* c);

/// The name of what multiplies: "onednn+cblas" or "builtin".
const char* gemm_backend() noexcept;

}  // namespace chainrule::kernels
