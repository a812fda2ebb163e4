// The one seam to matrix products: oneDNN, CBLAS or the builtin loops, chosen when the library is built (CHAINRULE_GEMM).
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// C = op(A)·op(B) + beta·C, row-major and without gaps between rows: C is [m, n], op(A) is [m, k], op(B) is [k, n];
/// a transposed operand is stored the other way round (A as [k, m], B as [n, k]). beta is 0 (C is only written) or 1.
/// k = 0 gives zeros (or C). The same bits on any number of threads: the cuts depend on m, n and k only.
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b, float beta,
          float* c);
void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a, const double* b, double beta,
          double* c);

/// The name of what multiplies: "onednn+cblas" or "builtin".
const char* gemm_backend() noexcept;

}  // namespace chainrule::kernels
