// What the seam of gemm.h chooses from. Each function multiplies one block on the calling thread alone; tests reach them here.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels::detail {

/// C = op(A)·op(B) + beta·C with row strides of its own for each matrix (lda: between stored rows of A). beta is 0 or 1; m, n, k >= 1.
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

/// Whether the processor is one of AMD's. There (measured on Zen 5; the other way round on Intel's) copying operands into order costs more
/// than reading them where they lie, and oneDNN, which does it, is no faster than the builtin loops.
bool on_amd() noexcept;

/// Blocked loops in Highway; the bits depend on the block alone.
void gemm_builtin(const GemmBlock<float>& block);
void gemm_builtin(const GemmBlock<double>& block);

#ifdef CHAINRULE_GEMM_ONEDNN
/// oneDNN's sgemm; signals that come meanwhile may wait for its end. @throws std::runtime_error where oneDNN reports a failure.
void gemm_onednn(const GemmBlock<float>& block);

/// CBLAS dgemm, in calls whose sizes fit an int. May be called from several threads at once, whatever the BLAS.
void gemm_cblas(const GemmBlock<double>& block);

/// Whether several threads are no help to calls of the BLAS in this process: it starts its own, or runs one call at a time.
bool cblas_wants_one_caller() noexcept;
#endif

}  // namespace chainrule::kernels::detail
