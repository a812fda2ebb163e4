// oneDNN's matrix product, float32.
#include <dnnl.h>

#include <stdexcept>

#include "autograd/kernels/gemm_backends.h"
#include "autograd/kernels/one_thread.h"

namespace chainrule::kernels::detail {

void gemm_onednn(const GemmBlock<float>& block) {
  const OneThread guard;  // its own split over threads changes bits with their number
  const dnnl_status_t status = dnnl_sgemm(block.transpose_a ? 'T' : 'N', block.transpose_b ? 'T' : 'N', block.m, block.n, block.k, 1.0F,
                                          block.a, block.lda, block.b, block.ldb, block.beta, block.c, block.ldc);
  if (status != dnnl_success) throw std::runtime_error("oneDNN sgemm failed");
}

}  // namespace chainrule::kernels::detail
