// Gradient clipping, to be applied between backward() and step().
#pragma once

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Scales all gradients so that their common norm is at most max_norm, as torch.nn.utils.clip_grad_norm_. The gradients are multiplied by
/// max_norm / (norm + 1e-6) if this factor is below 1. Parameters without a gradient are skipped.
///
/// The norm is taken over all gradients together, as if they were one vector: (Σ|g|ᵖ)^(1/p) with p = norm_type, or the largest |g| if
/// norm_type is infinity. A norm that is NaN or infinite makes the gradients useless, as in PyTorch; check the returned value.
/// @return The norm before the scaling.
/// @throws std::invalid_argument if a parameter is undefined, max_norm is negative or NaN, or norm_type is not above 0.
double clip_grad_norm(const TensorList& parameters, double max_norm, double norm_type = 2);

/// Limits each element of each gradient to [-limit, limit], as torch.nn.utils.clip_grad_value_. Parameters without a gradient are skipped.
/// @throws std::invalid_argument if a parameter is undefined, or limit is negative or NaN.
void clip_grad_value(const TensorList& parameters, double limit);

}  // namespace chainrule::nn
#pragma GCC visibility pop
