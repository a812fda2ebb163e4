// The floating-point mode of a thread (rounding, flushing of denormals) and a scope that changes it.
// Internal header: not installed.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#elif defined(__aarch64__)
#include <cstdint>
#endif

namespace chainrule::kernels {

/// A floating-point mode: the register MXCSR of x86 or FPCR of aarch64. On other processors there is only one mode.
struct FloatMode {
  unsigned bits = 0;

  static FloatMode current() noexcept {
#if defined(__SSE2__)
    return {_mm_getcsr()};
#elif defined(__aarch64__)
    std::uint64_t fpcr = 0;
    asm volatile("mrs %0, fpcr" : "=r"(fpcr));
    return {static_cast<unsigned>(fpcr)};  // the upper half is reserved
#else
    return {};
#endif
  }
};

/// Sets the mode of the calling thread.
inline void set_float_mode([[maybe_unused]] FloatMode mode) noexcept {
#if defined(__SSE2__)
  _mm_setcsr(mode.bits);
#elif defined(__aarch64__)
  asm volatile("msr fpcr, %0" : : "r"(std::uint64_t{mode.bits}) : "memory");
#endif
}

/// While it lives, the calling thread computes in `mode`; the destructor restores the previous mode.
class FloatModeScope {
 public:
  explicit FloatModeScope(FloatMode mode) noexcept : before_(FloatMode::current()) { set_float_mode(mode); }
  ~FloatModeScope() { set_float_mode(before_); }
  FloatModeScope(const FloatModeScope&) = delete;
  FloatModeScope& operator=(const FloatModeScope&) = delete;

 private:
  FloatMode before_;
};

/// Returns the mode of the calling thread with denormals flushed: arithmetic treats floats below 2^-126 (doubles below 2^-1022) as 0, both
/// as operands and as results.
inline FloatMode flushing() noexcept {
#if defined(__aarch64__)
  constexpr unsigned kFlush = 0x0100'0000;  // FZ
#else
  constexpr unsigned kFlush = 0x8000 | 0x0040;  // flush to zero, and denormals are zero
#endif
  return {FloatMode::current().bits | kFlush};
}

}  // namespace chainrule::kernels
