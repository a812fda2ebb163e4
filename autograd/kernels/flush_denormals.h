// A scope in which numbers too small to be normal are zeros.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace chainrule::kernels {

/// While it lives, this thread's sums and products read and give 0 where a float would be below 2^-126 (a double below 2^-1022). Momenta
/// of gradients that stay 0 decay to such numbers, with which x86 processors compute up to a hundred times slower. Elsewhere than on x86
/// it does nothing.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() noexcept : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(before_); }
#else
  FlushDenormals() noexcept {}
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

#if defined(__SSE2__)
 private:
  static constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;

  unsigned before_;
#endif
};

}  // namespace chainrule::kernels
