// Finds the op that made the first NaN or infinity.
#pragma once

namespace chainrule {

/// While it lives, every op in this thread checks its result, and every rule the gradients it gives: the first NaN or infinity
/// throws std::runtime_error naming op, tensor, shape, index, how many there are, the range of each input, and the user's line. Costs
/// nothing when off, and a pass over each result when on.
class DetectAnomaly {
 public:
  [[nodiscard]] DetectAnomaly() noexcept;
  ~DetectAnomaly();
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

 private:
  bool previous_;
};

}  // namespace chainrule
