// What the layers that normalize share.
// Internal header: not installed.
#pragma once

#include "autograd/base/shape.h"
#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// Checks the sizes of the last axes that a layer normalizes over.
/// @throws std::invalid_argument for no sizes or a size below 1.
void require_norm_sizes(const char* layer, const Shape& sizes, const SourceLine& line);

/// Returns the last axes of x, as many as there are sizes.
/// @throws std::invalid_argument if they do not have these sizes.
Axes last_axes(const char* layer, const Tensor& x, const Shape& sizes);

/// Returns sqrt(mean(x²) + epsilon) over the axes, which keep size 1; 1 where that is 0, so that zeros are not divided by 0.
Tensor nonzero_root_mean_square(const Tensor& x, const Axes& axes, double epsilon);

}  // namespace chainrule::nn
