// FlushDenormals: a scope in which denormal numbers (too small for full precision) are treated as zero.
#pragma once

#pragma GCC visibility push(default)
namespace chainrule {

/// While it lives, ops and backward passes of this thread treat denormal numbers as 0, both in their inputs and in their results. Denormals
/// are nonzero numbers closer to 0 than 2^-126 (float32) or 2^-1022 (float64). They arise where values saturate or decay, for example in
/// the softmax of a confident classifier, and x86 processors compute with them up to a hundred times slower. fit() creates such a scope.
/// torch.set_flush_denormal(True) does the same for the rest of the program. On processors other than x86 and aarch64 the
/// scope has no effect.
class FlushDenormals {
 public:
  /// Turns flushing on in this thread.
  FlushDenormals() noexcept;
  /// Restores the previous mode.
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  unsigned before_;
};

}  // namespace chainrule
#pragma GCC visibility pop
