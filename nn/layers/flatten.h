// Flatten: turns each example into a vector.
#pragma once

#include <memory>
#include <string>

#include "nn/module/module.h"

namespace chainrule::nn {

/// Merges all axes but the first: [n, ...] gives [n, product of the other sizes], and [n] gives [n, 1]. The result shares the storage of x.
class Flatten : public BuiltIn {
 public:
  /// Returns the reshaped x.
  /// @throws std::invalid_argument for rank 0.
  Tensor forward(const Tensor& x) const override;
  /// Returns "Flatten".
  std::string describe() const override { return "Flatten"; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

}  // namespace chainrule::nn
