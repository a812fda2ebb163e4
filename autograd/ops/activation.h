// Activations: the nonlinear functions between layers. Names, defaults and the derivatives chosen at kinks are PyTorch's. Far from 0 all
// have finite values and derivatives; all are differentiable any number of times.
#pragma once

#include "autograd/graph/tensor.h"

namespace chainrule {

/// max(x, 0); gradient 0 at 0.
Tensor relu(const TensorArg& x);
/// x where x > 0, else negative_slope · x; gradient negative_slope at 0.
Tensor leaky_relu(const TensorArg& x, double negative_slope = 0.01);
/// min(max(x, 0), 6); gradient 0 at 0 and at 6.
Tensor relu6(const TensorArg& x);
/// x limited to [low, high]; gradient 0 at both ends, unlike clamp's.
/// @throws std::invalid_argument unless low <= high.
Tensor hardtanh(const TensorArg& x, double low = -1, double high = 1);
/// min(max(x + 3, 0), 6) / 6; gradient 0 at -3 and 3.
Tensor hardsigmoid(const TensorArg& x);
/// x · hardsigmoid(x); gradient 0 at -3 and 1 at 3 (PyTorch 1.13: -1/2, and 1 or 3/2 by the loop taken).
Tensor hardswish(const TensorArg& x);

/// x where x > 0, else alpha · (exp(x) - 1); gradient alpha at 0.
Tensor elu(const TensorArg& x, double alpha = 1);
/// scale · elu(x, alpha) with the two constants that keep mean 0 and variance 1 (Klambauer et al. 2017).
Tensor selu(const TensorArg& x);
/// x where x > 0, else alpha · (exp(x / alpha) - 1); gradient 1 at 0.
/// @throws std::invalid_argument for alpha 0 or NaN.
Tensor celu(const TensorArg& x, double alpha = 1);
/// x · Φ(x), Φ being the normal distribution function, by erf.
Tensor gelu(const TensorArg& x);
/// gelu's approximation x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
Tensor gelu_tanh(const TensorArg& x);
/// x · sigmoid(x).
Tensor silu(const TensorArg& x);
/// x · tanh(softplus(x)).
Tensor mish(const TensorArg& x);
/// log(1 + exp(beta · x)) / beta; x itself where beta · x > threshold.
/// @throws std::invalid_argument for beta 0 or NaN.
Tensor softplus(const TensorArg& x, double beta = 1, double threshold = 20);
/// x / (1 + |x|).
Tensor softsign(const TensorArg& x);
/// log(sigmoid(x)), without overflow.
Tensor log_sigmoid(const TensorArg& x);

/// The first half of an axis times the sigmoid of the second half.
/// @throws std::invalid_argument where the axis has an odd size.
Tensor glu(const TensorArg& x, int axis = -1);
/// x where x > 0, else weight · x; the weight is one number or [channels], the channels being axis 1 of x. At 0 the gradient of x is
/// the weight.
/// @throws std::invalid_argument for a weight of another size.
Tensor prelu(const TensorArg& x, const Tensor& weight);

/// exp(x) / sum of exp(x) along an axis, shifted by the maximum against overflow.
Tensor softmax(const TensorArg& x, int axis);
/// log(softmax(x)) along an axis, computed without forming the softmax.
Tensor log_softmax(const TensorArg& x, int axis);

}  // namespace chainrule
