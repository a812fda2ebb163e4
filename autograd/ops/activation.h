// Activations: the nonlinear functions between layers.
#pragma once

#include "autograd/tensor.h"

namespace chainrule {

/// max(x, 0); gradient 0 at 0.
Tensor relu(const TensorArg& x);
/// exp(x) / sum of exp(x) along an axis, shifted by the maximum against overflow.
Tensor softmax(const TensorArg& x, int axis);
/// log(softmax(x)) along an axis, computed without forming the softmax.
Tensor log_softmax(const TensorArg& x, int axis);

}  // namespace chainrule
