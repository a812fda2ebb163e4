// Flatten: makes each example a vector.
#pragma once

#include <memory>
#include <string>

#include "nn/module/module.h"

namespace chainrule::nn {

/// All axes but the first made one: [n, ...] gives [n, product]. Shares storage.
class Flatten : public BuiltIn {
 public:
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override { return "Flatten"; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
};

}  // namespace chainrule::nn
