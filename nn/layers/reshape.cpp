#include "nn/layers/reshape.h"

#include <algorithm>

#include "autograd/base/check.h"
#include "nn/module/config.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Reshape::Reshape(const Shape& shape, SourceLine line) : shape_(shape) {
  const bool below = std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < -1; });
  if (below || std::count(shape.begin(), shape.end(), -1) > 1)
    throw_invalid("Reshape", text("got shape ", shape, ", expected sizes of 0 or more and at most one -1"), line);
}

Tensor Reshape::forward(const Tensor& x) const {
  if (x.rank() < 1) throw_invalid("Reshape", "x has shape [], expected [n, ...]", SourceLine::current());
  // The size of -1 is that of one example: without examples it could not be computed from the number of elements.
  std::int64_t elements = 1, known = 1;
  for (int axis = 1; axis < x.rank(); ++axis) elements *= x.size(axis);
  for (const std::int64_t size : shape_)
    if (size != -1) known *= size;
  Shape shape = shape_;
  const auto open = std::find(shape.begin(), shape.end(), -1);
  const bool fits = open == shape.end() ? known == elements : known > 0 && elements % known == 0;
  if (!fits)
    throw_invalid("Reshape", text("an example of x ", x.shape(), " has ", elements, " elements, which cannot be reshaped to ", shape_),
                  SourceLine::current());
  if (open != shape.end()) shape[static_cast<int>(open - shape.begin())] = elements / known;
  shape.insert(0, x.size(0));
  return x.reshape(shape);
}

std::string Reshape::describe() const { return text("Reshape to ", shape_); }

void Reshape::config(Config& config) const { config.set("shape", shape_); }

Reshape Reshape::from_config(const Config& config) { return Reshape(config.shape("shape")); }

}  // namespace chainrule::nn
