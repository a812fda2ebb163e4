// Ops of a user's own: a value, a rule for its gradient, and nothing to register.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "autograd/derivatives/tensor_function.h"
#include "autograd/graph/tensor.h"

namespace chainrule {

/// What the rule of a custom op is handed.
struct CustomCall {
  std::span<const Tensor> inputs;  ///< as they were passed
  const Tensor& output;            ///< what the value function gave
  const Tensor& grad_out;          ///< the gradient of the output, of its shape
  std::span<const char> wanted;    ///< 1 for each input whose gradient is asked for

  bool needs(std::size_t i) const noexcept { return wanted[i] != 0; }
};

/// Computes the value; what it does is not recorded.
using CustomValue = std::function<Tensor(std::span<const Tensor> inputs)>;
/// Returns a gradient for each input, of the input's shape and dtype; an undefined Tensor for none. Written in ops it can itself be
/// differentiated; written on raw numbers it makes second derivatives wrong, which gradgradcheck() shows.
using CustomRule = std::function<std::vector<Tensor>(const CustomCall& call)>;

/// The value as the result of an op `name` of its own: backward() calls the rule, errors and pictures show the name. The rule may
/// hold Tensors, but not the op's own result, which would never be freed.
/// @throws std::invalid_argument where the value function returns an undefined Tensor.
/// @throws std::logic_error, in the pass, where the rule returns a gradient too many or too few, or one of another shape or dtype.
Tensor custom_op(std::string_view name, const TensorList& inputs, const CustomValue& value, const CustomRule& rule);

/// fn(inputs), keeping nothing of what it computed in between: the pass runs fn again for its gradients (to the inputs, and to
/// the leaves that fn uses besides). Costs one more forward run of fn; the default random generator is set back for it, so that
/// it draws the same numbers. Differentiable any number of times.
/// @throws std::invalid_argument unless fn takes so many Tensors and gives one.
Tensor checkpoint(const TensorFunction& fn, const TensorList& inputs);

}  // namespace chainrule
