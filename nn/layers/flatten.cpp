#include "nn/layers/flatten.h"

#include "autograd/base/check.h"

namespace chainrule::nn {

Tensor Flatten::forward(const Tensor& x) const {
  if (x.rank() < 1) detail::throw_invalid("Flatten", "x has shape [], expected [n, ...]", SourceLine::current());
  // [n] is n examples of one number; a size of -1 could not be computed without examples.
  std::int64_t features = 1;
  for (int axis = 1; axis < x.rank(); ++axis) features *= x.size(axis);
  return x.reshape({x.size(0), features});
}

}  // namespace chainrule::nn
