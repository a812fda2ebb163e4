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
/// of fn. Differentiable any number of times.
///
/// The second run repeats the first:
/// - Every Generator that the first run has drawn from starts in the state it had then, and afterwards gets back the state that it had
///   before the second run. For the default generator, this is the one of the thread that runs the backward pass.
/// - assign() and fill() skip the leaves that the first run has written, such as the running statistics of nn::BatchNorm. Leaves that the
///   function makes for itself are written in both runs.
/// - Both runs work on copies of fn, with the DefaultDType, FlushDenormals and nn::EvalScope that were in force for the first.
///
/// What cannot be repeated must not change the result: other writes than these (mutable_data(), optimizers, members of user-defined
/// modules; see recomputing()), a leaf that fn reads before it writes it, Module::train() or eval() between the runs, random numbers from
/// elsewhere or drawn by threads that fn starts. A second run with another result is an error. A backward() inside fn adds to grad() in
/// both runs; use grad() there.
/// @throws std::invalid_argument if fn does not take this number of Tensors or does not return a single Tensor.
/// @throws std::logic_error in the backward pass, if the second run gives other bits than the first, or if a Generator from which the first
/// run has drawn no longer exists.
Tensor checkpoint(const TensorFunction& fn, const TensorList& inputs);

/// Returns true while a backward pass runs a function given to checkpoint() again, in this thread. A module that changes a member in
/// forward(), such as a counter, must not do so then:
///
///     if (!cr::recomputing()) ++batches_;
bool recomputing() noexcept;

}  // namespace chainrule
#pragma GCC visibility pop
