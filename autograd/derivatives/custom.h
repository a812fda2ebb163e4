// custom_op: a custom op from a function for its value and a function for its gradient. checkpoint: less memory for more computation.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "autograd/derivatives/tensor_function.h"
#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The argument of the gradient rule of a custom op.
struct CustomCall {
  std::span<const Tensor> inputs;  ///< the inputs of the op
  const Tensor& output;            ///< the result of the op
  const Tensor& grad_out;          ///< the gradient with respect to the output, of its shape and dtype
  std::span<const char> wanted;    ///< for each input: 1 if its gradient is needed, otherwise 0

  /// Returns true if the gradient of input i is needed; the rule may return an undefined Tensor for the others.
  bool needs(std::size_t i) const noexcept { return wanted[i] != 0; }
};

/// Computes the value of a custom op. Its ops are not recorded.
using CustomValue = std::function<Tensor(std::span<const Tensor> inputs)>;
/// The gradient rule of a custom op. Returns a Tensor for each input: the gradient, with the input's shape and dtype, or an undefined
/// Tensor for a gradient of 0. A rule written in terms of ops can itself be differentiated. A rule that computes on raw numbers makes
/// second derivatives wrong; gradgradcheck() detects this.
using CustomRule = std::function<std::vector<Tensor>(const CustomCall& call)>;

/// Returns value(inputs) as the result of an op called `name`, like torch.autograd.Function. A backward pass calls the rule; error messages
/// and to_dot() show the name. The rule may capture Tensors, but if it captures the result of the op, that is never freed.
/// @throws std::invalid_argument for an undefined input, or if the value function returns an undefined Tensor.
/// @throws std::logic_error in the backward pass, if the rule returns the wrong number of gradients or one of another shape or dtype.
Tensor custom_op(std::string_view name, const TensorList& inputs, const CustomValue& value, const CustomRule& rule);

/// Returns fn(inputs) without keeping the intermediate values for the gradient, like torch.utils.checkpoint. The backward pass calls fn
/// again to compute the gradients with respect to the inputs and to the other leaves that fn uses. This takes less memory, but one more run
/// of fn. For the second run the default random generator is reset to its state before the first, so that fn draws the same numbers.
/// Differentiable any number of times.
/// @throws std::invalid_argument if fn does not take this number of Tensors or does not return a single Tensor.
Tensor checkpoint(const TensorFunction& fn, const TensorList& inputs);

}  // namespace chainrule
#pragma GCC visibility pop
