// Derivatives of functions: the Jacobian and the Hessian, and their products with vectors.
#pragma once

/// @file
/// These functions differentiate any function of floating-point Tensors that returns a single Tensor. The inputs need not require grad, and
/// no grad() changes. All of them throw std::invalid_argument if the function does not take the number of inputs given or does not return a
/// single Tensor, and if an input is undefined or int64.
///
/// Without DerivativeOptions::create_graph the results have no history. Inside a function that is itself being differentiated (given to one
/// of these functions, to checkpoint() or to gradcheck(), or a rule of custom_op() in a pass with create_graph), they would be constants:
/// if they depend on the inputs of that function, and the call is not inside a NoGrad, it throws std::logic_error.

#include <vector>

#include "autograd/derivatives/tensor_function.h"
#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Options of all functions of this header.
struct DerivativeOptions {
  /// Records how the result is computed, so that it can be differentiated again with respect to the inputs and to all other Tensors that
  /// the function uses.
  bool create_graph = false;
};

/// Result of vjp().
struct VjpResult {
  Tensor output;                  ///< fn(inputs)
  std::vector<Tensor> gradients;  ///< vᵀ·J for each input, of the input's shape
};

/// Returns fn(inputs) and the vector-Jacobian product vᵀ·J, which is the gradient of sum(v · fn(inputs)) with respect to each input. v has
/// the shape and dtype of the output; it may be undefined for an output of a single element, and is 1 then. The gradient for an input that
/// fn does not use is 0.
/// @throws std::invalid_argument if v does not match the output in shape and dtype, or is undefined for an output of several elements.
VjpResult vjp(const TensorFunction& fn, const TensorList& inputs, const Tensor& v = {}, const DerivativeOptions& options = {});

/// Result of value_and_grad().
struct ValueAndGrad {
  Tensor value;                   ///< fn(inputs), a single element
  std::vector<Tensor> gradients;  ///< the gradient for each input, of the input's shape
};

/// Returns fn(inputs) and its gradient with respect to each input, like jax.value_and_grad. Same as vjp() of a function with a
/// single-element result:
///
///     const auto [loss, gradients] = cr::value_and_grad(f, {w, b});
///
/// @throws std::invalid_argument if fn(inputs) has more than one element.
ValueAndGrad value_and_grad(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options = {});

/// Result of jvp().
struct JvpResult {
  Tensor output;   ///< fn(inputs)
  Tensor tangent;  ///< J·v, of the output's shape
};

/// Returns fn(inputs) and the Jacobian-vector product J·v, which is the derivative of the output when all inputs move in direction v. v has
/// a Tensor of the same shape and dtype for each input. It is computed with two backward passes: uᵀ·J is linear in u, and its derivative
/// with respect to u, multiplied by v, is J·v.
/// @throws std::invalid_argument if v does not match the inputs in number, shape and dtype.
JvpResult jvp(const TensorFunction& fn, const TensorList& inputs, const TensorList& v, const DerivativeOptions& options = {});

/// Returns the Jacobian: the derivative of each element of fn(x) with respect to each element of x. Its shape is the output's shape
/// followed by x's shape. Takes one backward pass for each element of the output. For samples that do not depend on each other,
/// batch_jacobian() is much faster.
Tensor jacobian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options = {});
/// Returns the Jacobian with respect to each of several inputs; see jacobian().
std::vector<Tensor> jacobians(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options = {});

/// Returns the Jacobian of each sample: for x of shape [n, ...] the derivatives of fn(x)[i] with respect to x[i], in the output's shape
/// followed by x's shape without its first axis. It has the meaning of batch_jacobian in TensorFlow and of vmap(jacrev(fn)) in JAX. Takes
/// one backward pass for each element of fn(x)[i], however many samples there are.
///
///     const Tensor slopes = cr::batch_jacobian(model, x);  // model(x) of shape [n, 3], x of shape [n, 4]: [n, 3, 4]
///
/// fn(x)[i] must not depend on other samples than x[i]; this is not checked. Where it does, as with nn::BatchNorm in training, the result
/// contains the derivatives of all samples of the output, added up.
/// @throws std::invalid_argument unless x and fn(x) have the same number of samples.
Tensor batch_jacobian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options = {});
/// Returns the Jacobian of each sample with respect to each of several inputs with the same number of samples; see batch_jacobian().
std::vector<Tensor> batch_jacobians(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options = {});

/// Returns the Hessian: the second derivatives of a function with a single-element result. Its shape is x's shape twice, such as [3, 3] for
/// x of shape [3].
/// @throws std::invalid_argument if fn(x) has more than one element.
Tensor hessian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options = {});

/// Returns the Hessian-vector product H·v of a function with a single-element result, at the cost of two backward passes and without
/// computing H. v has x's shape and dtype.
/// @throws std::invalid_argument if fn(x) has more than one element, or if v does not match x.
Tensor hvp(const TensorFunction& fn, const TensorArg& x, const Tensor& v, const DerivativeOptions& options = {});

}  // namespace chainrule
#pragma GCC visibility pop
