// Backward passes that stop at given Tensors.
// Internal header: not installed.
#pragma once

#include <span>
#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::detail {

// Returns the gradients of an output with respect to some inputs. The Tensors in `bottom` are treated as leaves: the pass does not go on to
// the ops that computed them. The graph is kept. The gradient of an input that the pass does not reach is undefined.
std::vector<Tensor> grad_up_to(const Tensor& output, const Tensor& grad_out, const std::vector<Tensor>& inputs,
                               std::span<const Tensor> bottom, bool create_graph);

}  // namespace chainrule::detail
