// The backends of gemm.h. Each function multiplies one block on the calling thread. Tests call them directly.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels::detail {

/// C = op(A)·op(B) + beta·C, where each matrix has its own row stride (lda is the distance between stored rows of A). beta is 0 or 1; m, n,
/// k >= 1.
template <class T>
struct GemmBlock {
  bool transpose_a, transpose_b;
  std::int64_t m, n, k;
  const T* a;
  std::int64_t lda;
  const T* b;
  std::int64_t ldb;
  T beta;
  T* c;
  std::int64_t ldc;
};

/// Returns true on processors made by AMD. There, packing operands costs more than reading them in place, and oneDNN, which packs, is no
/// faster than the builtin loops (measured on Zen 5). On Intel processors packing pays.
bool on_amd() noexcept;

/// Blocked loops with Highway. The bits depend only on the block.
void gemm_builtin(const GemmBlock<float>& block);
void gemm_builtin(const GemmBlock<double>& block);

#ifdef CHAINRULE_GEMM_ONEDNN
/// oneDNN's sgemm. Signals that arrive during the call may be delivered after it. @throws std::runtime_error if oneDNN reports a failure.
void gemm_onednn(const GemmBlock<float>& block);

/// CBLAS dgemm; sizes and strides must fit an int. Several threads may call it at the same time, even with a BLAS that does not allow that.
void gemm_cblas(const GemmBlock<double>& block);

/// Returns true if calling the BLAS from several threads does not make it faster, because it starts threads itself or runs only one call at
/// a time.
bool cblas_wants_one_caller() noexcept;
#endif

}  // namespace chainrule::kernels::detail
