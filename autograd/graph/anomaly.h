// DetectAnomaly: finds the op that produced the first NaN or infinity.
#pragma once

#pragma GCC visibility push(default)
namespace chainrule {

/// While it lives, every op in this thread checks its result, and every backward pass checks the gradients that each op returns. The first
/// NaN or infinity throws std::runtime_error. The message names the op, the Tensor, its shape, the index of the value, the number of such
/// values, the range of each input and the user's line. Each check reads the whole result once; programs without a DetectAnomaly pay
/// nothing.
class DetectAnomaly {
 public:
  /// Turns the checks on in this thread.
  [[nodiscard]] DetectAnomaly() noexcept;
  /// Restores the previous setting.
  ~DetectAnomaly();
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

 private:
  bool previous_;
};

}  // namespace chainrule
#pragma GCC visibility pop
