// A scope in which numbers too small to be normal are zeros.
#pragma once

namespace chainrule {

/// While it lives, ops and backward passes of this thread take numbers below 2^-126 (in float64: 2^-1022) for 0, and give 0 where the
/// result would be one. Such numbers come up where something saturates or decays, as in a softmax sure of its class; x86 processors
/// compute with them up to a hundred times slower. fit() has such a scope; torch.set_flush_denormal(True) is the same for good.
/// Elsewhere than on x86 it does nothing.
class FlushDenormals {
 public:
  FlushDenormals() noexcept;
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned before_;
};

}  // namespace chainrule
