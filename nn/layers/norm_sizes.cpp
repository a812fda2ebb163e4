#include "nn/layers/norm_sizes.h"

#include <algorithm>
#include <vector>

#include "autograd/base/check.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

void require_norm_sizes(const char* layer, const Shape& sizes, const SourceLine& line) {
  if (sizes.rank() == 0 || std::any_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size < 1; }))
    throw_invalid(layer, text("got sizes ", sizes, ", expected one or more, at least 1 each"), line);
}

Axes last_axes(const char* layer, const Tensor& x, const Shape& sizes) {
  bool fits = x.rank() >= sizes.rank();
  std::vector<std::int64_t> last;
  for (int axis = 1; fits && axis <= sizes.rank(); ++axis) {
    fits = x.size(-axis) == sizes.size(-axis);
    last.push_back(-axis);
  }
  if (!fits) throw_invalid(layer, text("x has shape ", x.shape(), ", expected its last axes to be ", sizes), SourceLine::current());
  return Axes(last);
}

Tensor nonzero_root_mean_square(const Tensor& x, const Axes& axes, double epsilon) {
  const Tensor root = root_mean_square(x, axes, true, epsilon);
  return epsilon > 0 ? root : masked_fill(root, eq(root, 0), 1);
}

}  // namespace chainrule::nn
