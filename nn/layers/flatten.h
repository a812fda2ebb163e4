// Flatten: turns each example into a vector.
#pragma once

#include <string>

#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Merges all axes but the first: [n, ...] gives [n, product of the other sizes], and [n] gives [n, 1]. The result shares the storage of x.
class Flatten : public PlainLayer<Flatten> {
 public:
  /// Returns the reshaped x.
  /// @throws std::invalid_argument for rank 0.
  Tensor forward(const Tensor& x) const override;
  /// Returns "Flatten".
  std::string describe() const override { return "Flatten"; }
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
