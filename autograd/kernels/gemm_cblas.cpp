// The float64 matrix product by CBLAS.
#include <cblas.h>

#include <mutex>

#include "autograd/base/fork.h"
#include "autograd/kernels/gemm_backends.h"
#include "autograd/parallel/one_thread.h"

// OpenBLAS reports how it was built. Other BLAS libraries do not have these functions.
extern "C" {
[[gnu::weak]] int openblas_get_parallel(void);
[[gnu::weak]] int openblas_get_num_threads(void);
}

namespace chainrule::kernels::detail {
namespace {

constexpr int kSerial = 0, kOwnThreads = 1;  // results of openblas_get_parallel(); any other means OpenMP threads

// An OpenBLAS built without threads may also be built without locks, like Debian's: two simultaneous calls then share a buffer and give
// wrong results (OpenBLAS issue 2126).
bool calls_take_turns() noexcept { return openblas_get_parallel != nullptr && openblas_get_parallel() == kSerial; }

constinit std::mutex turn;

// Returns calls_take_turns(), and prepares for fork() if so.
bool start_turns() noexcept {
  if (calls_take_turns()) chainrule::detail::unlock_after_fork<turn>();
  return calls_take_turns();
}

}  // namespace

void gemm_cblas(const GemmBlock<double>& block) {
  static const bool take_turns = start_turns();
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
