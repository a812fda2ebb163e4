// Reshape: gives each example another shape.
#pragma once

#include <string>

#include "autograd/base/shape.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Reshapes each example: [n, ...] gives [n, shape...]. The result shares the storage of x.
class Reshape : public BuiltInLayer<Reshape> {
 public:
  /// `shape` is the new shape of one example. One of its sizes may be -1; it is computed from the number of elements.
  /// @throws std::invalid_argument for a size below -1, or for more than one -1.
  explicit Reshape(const Shape& shape, SourceLine line = SourceLine::current());
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Reshape from_config(const Config& config);

  /// Returns the reshaped x.
  /// @throws std::invalid_argument for rank 0, or if the number of elements of an example does not fit the shape.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "Reshape to [28, 28]".
  std::string describe() const override;

 private:
  void config(Config& config) const override;

  Shape shape_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
