#include "autograd/derivatives/tensor_function.h"

namespace chainrule {

std::string TensorFunction::takes_text() const {
  if (arities_ == kAnyNumber) return "any number of tensors";
  std::string counts;
  bool one = false;
  for (std::size_t count = 1; count <= kMaxTensors; ++count) {
    if (!takes(count)) continue;
    one = counts.empty() && count == 1;
    counts += (counts.empty() ? "" : " or ") + std::to_string(count);
  }
  return counts + (one ? " tensor" : " tensors");
}

}  // namespace chainrule
