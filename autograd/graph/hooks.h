// Functions called with a Tensor's gradient while a pass runs: to read, clip or replace it.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>

#include "autograd/graph/tensor.h"

namespace chainrule {

/// Takes a hook away again.
class GradHook {
 public:
  GradHook(const Tensor& tensor, std::uint64_t number) noexcept : tensor_(tensor), number_(number) {}
  /// The hook is not called any more. May be said more than once.
  void remove();

 private:
  Tensor tensor_;
  std::uint64_t number_;
};

namespace detail {
GradHook add_grad_hook(const TensorArg& tensor, std::function<Tensor(const Tensor&)> hook);
}

/// Calls `hook` with the gradient of a Tensor in every pass, once all of it has arrived and before it goes on: a function that
/// returns a Tensor replaces the gradient (same shape and dtype), one that returns nothing reads it. Hooks run in the order they
/// were added; passes may be started in them. A hook that holds a handle on its own Tensor keeps it alive for ever.
/// @throws std::logic_error for a Tensor that does not require grad; in the pass, for a gradient of another shape or dtype.
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
