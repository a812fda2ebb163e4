// Clipping of gradients, between backward() and step().
#pragma once

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// Scales the gradients so that their norm, taken over all of them as one vector, is at most max_norm: by max_norm / (norm + 1e-6) where
/// that is below 1. Returns the norm before. `norm_type` p is that of (Σ|g|ᵖ)^(1/p), infinity that of the largest |g|. Parameters without
/// gradient are passed over. A norm that is not finite leaves its mark on every gradient, as in PyTorch; look at what is returned.
/// @throws std::invalid_argument for an undefined parameter, a max_norm that is negative or NaN, or a norm_type not above 0.
double clip_grad_norm(const TensorList& parameters, double max_norm, double norm_type = 2);

/// Brings each element of each gradient into [-limit, limit].
/// @throws std::invalid_argument for an undefined parameter, or a limit that is negative or NaN.
void clip_grad_value(const TensorList& parameters, double limit);

}  // namespace chainrule::nn
