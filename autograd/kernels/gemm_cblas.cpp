// CBLAS's matrix product, float64.
#include <cblas.h>

#include <mutex>

#include "autograd/kernels/gemm_backends.h"
#include "autograd/parallel/one_thread.h"

// OpenBLAS tells how it was built; another BLAS has neither.
extern "C" {
[[gnu::weak]] int openblas_get_parallel(void);
[[gnu::weak]] int openblas_get_num_threads(void);
}

namespace chainrule::kernels::detail {
namespace {

constexpr int kSerial = 0, kOwnThreads = 1;  // answers of openblas_get_parallel(), where another is OpenMP's threads

// OpenBLAS without threads may be without locks too, as Debian's is: two calls at once then share a buffer and give wrong numbers (its
// issue 2126).
bool calls_take_turns() { return openblas_get_parallel != nullptr && openblas_get_parallel() == kSerial; }

std::mutex turn;

}  // namespace

void gemm_cblas(const GemmBlock<double>& block) {
  static const bool take_turns = calls_take_turns();
  std::unique_lock lock(turn, std::defer_lock);
  if (take_turns) lock.lock();
  const OneThread guard;  // for a BLAS built with OpenMP
  const auto narrow = [](std::int64_t size) { return static_cast<int>(size); };
  cblas_dgemm(CblasRowMajor, block.transpose_a ? CblasTrans : CblasNoTrans, block.transpose_b ? CblasTrans : CblasNoTrans, narrow(block.m),
              narrow(block.n), narrow(block.k), 1.0, block.a, narrow(block.lda), block.b, narrow(block.ldb), block.beta, block.c,
              narrow(block.ldc));
}

bool cblas_wants_one_caller() noexcept {
  if (calls_take_turns()) return true;
  return openblas_get_parallel != nullptr && openblas_get_num_threads != nullptr && openblas_get_parallel() == kOwnThreads &&
         openblas_get_num_threads() > 1;
}

}  // namespace chainrule::kernels::detail
