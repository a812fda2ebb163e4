// Derivatives of functions: products with the Jacobian, the Jacobian itself, second derivatives.
#pragma once

#include <vector>

#include "autograd/derivatives/tensor_function.h"
#include "autograd/graph/tensor.h"

namespace chainrule {

struct DerivativeOptions {
  /// Records the result, so that it can be differentiated again: for the inputs, and for whatever else the function uses.
  bool create_graph = false;
};

/// A function's value and, for each of its inputs, a product with its Jacobian.
struct VjpResult {
  Tensor output;
  std::vector<Tensor> gradients;
};

/// fn(inputs) and vᵀ·J: for each input the gradient of sum(v·fn), v being of the output's shape (undefined: 1 for a single
/// element). Zeros for an input that fn does not use. All functions here take any function of Tensors that gives one Tensor; the
/// inputs need not require grad, and no grad() is touched.
/// @throws std::invalid_argument where fn does not take so many Tensors, or gives none or several.
VjpResult vjp(const TensorFunction& fn, const TensorList& inputs, const Tensor& v = {}, const DerivativeOptions& options = {});

/// A function's value and its gradients.
struct ValueAndGrad {
  /// A single element.
  Tensor value;
  /// One for each input, of its shape.
  std::vector<Tensor> gradients;
};

/// fn(inputs) and its gradient for each input, as jax.value_and_grad: `const auto [loss, gradients] = cr::value_and_grad(f, {w, b});`.
/// The same as vjp() of a function with a single element.
/// @throws std::invalid_argument as vjp, and where fn gives more than one element.
ValueAndGrad value_and_grad(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options = {});

/// A function's value and the product of its Jacobian with a direction.
struct JvpResult {
  Tensor output;
  Tensor tangent;
};

/// fn(inputs) and J·v: how the output changes when each input moves along its v (of the input's shape and dtype). Computed by
/// differentiating vᵀ·J, which is linear in v, once more.
/// @throws std::invalid_argument as vjp, or unless there is a v of its shape for each input.
JvpResult jvp(const TensorFunction& fn, const TensorList& inputs, const TensorList& v, const DerivativeOptions& options = {});

/// The derivative of every element of fn(x) for every element of x: the output's shape followed by x's.
Tensor jacobian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options = {});
/// The same for each of several inputs.
std::vector<Tensor> jacobians(const TensorFunction& fn, const TensorList& inputs, const DerivativeOptions& options = {});

/// The second derivatives of a function of x with a single element: x's shape twice.
/// @throws std::invalid_argument where fn gives more than one element.
Tensor hessian(const TensorFunction& fn, const TensorArg& x, const DerivativeOptions& options = {});

/// The product of that Hessian with a vector of x's shape, without forming it: the cost of two passes.
Tensor hvp(const TensorFunction& fn, const TensorArg& x, const Tensor& v, const DerivativeOptions& options = {});

}  // namespace chainrule
