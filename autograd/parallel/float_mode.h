// Scopes in which a thread's floating-point numbers are rounded in some way, or flushed where they are too small to be normal.
// Internal header: not installed.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace chainrule::kernels {

/// How a thread computes with floating-point numbers. Elsewhere than on x86 there is one mode only.
struct FloatMode {
  unsigned bits = 0;

  static FloatMode current() noexcept {
#if defined(__SSE2__)
    return {_mm_getcsr()};
#else
    return {};
#endif
  }
};

/// Makes the calling thread compute in this mode.
inline void set_float_mode([[maybe_unused]] FloatMode mode) noexcept {
#if defined(__SSE2__)
  _mm_setcsr(mode.bits);
#endif
}

/// While it lives, the calling thread computes in this mode.
class FloatModeScope {
 public:
  explicit FloatModeScope(FloatMode mode) noexcept : before_(FloatMode::current()) { set_float_mode(mode); }
  ~FloatModeScope() { set_float_mode(before_); }
  FloatModeScope(const FloatModeScope&) = delete;
  FloatModeScope& operator=(const FloatModeScope&) = delete;

 private:
  FloatMode before_;
};

/// The calling thread's mode, but sums and products read and give 0 where a float would be below 2^-126 (a double below 2^-1022).
inline FloatMode flushing() noexcept {
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  return {FloatMode::current().bits | kFlushToZero | kDenormalsAreZero};
}

}  // namespace chainrule::kernels
