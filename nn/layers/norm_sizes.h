// What the layers that normalize over the last axes share.
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

}  // namespace chainrule::nn
