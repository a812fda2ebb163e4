// CBLAS's matrix product, float64.
#include <cblas.h>

#include "autograd/kernels/gemm_backends.h"
#include "autograd/kernels/one_thread.h"

// OpenBLAS tells how it was built; another BLAS has neither.
extern "C" {
[[gnu::weak]] int openblas_get_parallel(void);
[[gnu::weak]] int openblas_get_num_threads(void);
}

namespace chainrule::kernels::detail {

void gemm_cblas(const GemmBlock<double>& block) {
  const OneThread guard;  // for a BLAS built with OpenMP
  const auto narrow = [](std::int64_t size) { return static_cast<int>(size); };
  cblas_dgemm(CblasRowMajor, block.transpose_a ? CblasTrans : CblasNoTrans, block.transpose_b ? CblasTrans : CblasNoTrans, narrow(block.m),
              narrow(block.n), narrow(block.k), 1.0, block.a, narrow(block.lda), block.b, narrow(block.ldb), block.beta, block.c,
              narrow(block.ldc));
}

bool cblas_starts_threads() noexcept {
  constexpr int kOwnThreads = 1;  // of the answers: none, its own, OpenMP's
  return openblas_get_parallel != nullptr && openblas_get_num_threads != nullptr && openblas_get_parallel() == kOwnThreads &&
         openblas_get_num_threads() > 1;
}

}  // namespace chainrule::kernels::detail
