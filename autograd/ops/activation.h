// Activation functions: relu, gelu, softmax and the like. tanh and sigmoid are in elementwise.h.
#pragma once

/// @file
/// Names, defaults and the derivatives at kinks are those of PyTorch, unless a comment says otherwise. Φ is the distribution function of
/// the standard normal distribution. All functions can be differentiated any number of times, and values and derivatives stay finite for
/// large |x|. They throw std::invalid_argument if an argument is undefined or int64, and for an axis that does not exist.

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns max(x, 0). The gradient at 0 is 0.
Tensor relu(const TensorArg& x);
/// Returns x where x > 0, and negative_slope · x elsewhere. The gradient at 0 is negative_slope.
Tensor leaky_relu(const TensorArg& x, double negative_slope = 0.01);
/// Returns min(max(x, 0), 6). The gradient at 0 and at 6 is 0.
Tensor relu6(const TensorArg& x);
/// Returns min(max(x, low), high). The gradient at both ends is 0; for clamp() it is 1.
/// @throws std::invalid_argument unless low <= high.
Tensor hardtanh(const TensorArg& x, double low = -1, double high = 1);
/// Returns min(max(x + 3, 0), 6) / 6. The gradient at -3 and at 3 is 0.
Tensor hardsigmoid(const TensorArg& x);
/// Returns x · hardsigmoid(x). The gradient is 0 at -3 and 1 at 3. PyTorch 1.13 differs: it has -1/2 at -3, and either 1 or 3/2 at 3,
/// depending on the code path.
Tensor hardswish(const TensorArg& x);

/// Returns x where x > 0, and alpha · (exp(x) - 1) elsewhere. The gradient at 0 is alpha.
Tensor elu(const TensorArg& x, double alpha = 1);
/// Returns scale · elu(x, alpha) with scale ≈ 1.0507 and alpha ≈ 1.6733, which preserve mean 0 and variance 1 from layer to layer
/// (Klambauer et al. 2017). The gradient at 0 is scale · alpha.
Tensor selu(const TensorArg& x);
/// Returns x where x > 0, and alpha · (exp(x / alpha) - 1) elsewhere. The gradient at 0 is 1.
/// @throws std::invalid_argument if alpha is 0 or NaN.
Tensor celu(const TensorArg& x, double alpha = 1);
/// Returns x · Φ(x).
Tensor gelu(const TensorArg& x);
/// Returns the approximation of gelu() by tanh: x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
Tensor gelu_tanh(const TensorArg& x);
/// Returns x · sigmoid(x), also known as swish.
Tensor silu(const TensorArg& x);
/// Returns x · tanh(softplus(x)).
Tensor mish(const TensorArg& x);
/// Returns log(1 + exp(beta · x)) / beta, and x itself where beta · x > threshold.
/// @throws std::invalid_argument if beta is 0 or NaN.
Tensor softplus(const TensorArg& x, double beta = 1, double threshold = 20);
/// Returns x / (1 + |x|).
Tensor softsign(const TensorArg& x);
/// Returns log(sigmoid(x)), computed so that large |x| does not overflow.
Tensor log_sigmoid(const TensorArg& x);

/// Returns a · sigmoid(b), where a is the first half of x along an axis and b the second half (gated linear unit).
/// @throws std::invalid_argument if the size of the axis is odd.
Tensor glu(const TensorArg& x, int axis = -1);
/// Returns x where x > 0, and weight · x elsewhere. `weight` has one element or shape [channels], where channels is the size of axis 1 of
/// x. The gradient of x at 0 is the weight.
/// @throws std::invalid_argument if the weight has another shape.
Tensor prelu(const TensorArg& x, const Tensor& weight);

/// Returns exp(x) divided by the sum of exp(x) along an axis. The maximum is subtracted first, so that exp does not overflow. One inf gives
/// 1 there and 0 elsewhere; several, or only -inf, give NaN. The gradient is 0 where the gradients of a whole row are 0, even if the row is
/// NaN.
Tensor softmax(const TensorArg& x, int axis);
/// Returns log(softmax(x)) along an axis, computed as x - logsumexp(x). One inf gives 0 there and -inf elsewhere.
Tensor log_softmax(const TensorArg& x, int axis);

}  // namespace chainrule
#pragma GCC visibility pop
