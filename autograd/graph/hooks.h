// Hooks: functions that a backward pass calls with the gradient of a Tensor, to read, clip or replace it.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// A registered hook, returned by on_grad(). Its destructor does not remove the hook.
class GradHook {
 public:
  /// Used by on_grad(): refers to the hook of `tensor` with this number.
  GradHook(const Tensor& tensor, std::uint64_t number) noexcept : tensor_(tensor), number_(number) {}
  /// Removes the hook from its Tensor; further calls do nothing.
  void remove();

 private:
  Tensor tensor_;
  std::uint64_t number_;
};

namespace detail {
GradHook add_grad_hook(const TensorArg& tensor, std::function<Tensor(const Tensor&)> hook);
}

/// Registers a function that every backward pass calls with the gradient of `tensor`, like Tensor.register_hook in PyTorch. The pass calls
/// it when all parts of the gradient have been added up and before the gradient reaches the inputs of the Tensor. If the function returns a
/// Tensor, that replaces the gradient; if it returns void or an undefined Tensor, the gradient stays. Hooks run in the order in which they
/// were added. Ops in a hook are not recorded unless the pass has create_graph; a hook that starts a backward pass itself computes what it
/// differentiates inside an EnableGrad. A hook that captures its own Tensor keeps it alive until the hook is removed.
/// @throws std::invalid_argument for an undefined Tensor.
/// @throws std::logic_error if the Tensor does not require grad. The backward pass throws std::logic_error if the hook returns a gradient
/// of another shape or dtype.
template <std::invocable<const Tensor&> Hook>
GradHook on_grad(const TensorArg& tensor, Hook hook) {
  if constexpr (std::is_void_v<std::invoke_result_t<Hook&, const Tensor&>>) {
    return detail::add_grad_hook(tensor, [hook = std::move(hook)](const Tensor& gradient) mutable {
      hook(gradient);
      return Tensor();
    });
  } else {
    return detail::add_grad_hook(tensor, std::move(hook));
  }
}

}  // namespace chainrule
#pragma GCC visibility pop
