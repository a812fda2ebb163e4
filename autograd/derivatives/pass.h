// Passes that stop part of the way down.
// Internal header: not installed.
#pragma once

#include <span>
#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::detail {

// The gradients of an output for some inputs, as if nothing lay beneath the tensors in `bottom`: what is computed from those
// counts, how they were computed does not. The graph is kept; undefined for inputs that are not met.
std::vector<Tensor> grad_up_to(const Tensor& output, const Tensor& grad_out, const std::vector<Tensor>& inputs,
                               std::span<const Tensor> bottom, bool create_graph);

}  // namespace chainrule::detail
