// Reshape: gives each example another shape.
#pragma once

#include <memory>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// The elements of each example in the shape given: [n, ...] gives [n, shape...]. One size may be -1 and is computed. Shares storage.
class Reshape : public BuiltIn {
 public:
  /// @throws std::invalid_argument for a size below -1, or more than one of -1.
  explicit Reshape(const Shape& shape, SourceLine line = SourceLine::current());

  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  Shape shape_;
};

}  // namespace chainrule::nn
