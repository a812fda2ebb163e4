// TensorFunction: the parameter type of functions that take a function of Tensors, such as gradcheck() and jacobian().
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// A function that takes 1 to 8 Tensors, or a span or vector of Tensors, and returns a Tensor or a vector of Tensors. It converts from
/// functions and from callable objects, which it copies: `gradcheck(cr::tanh, {x})`, `gradcheck(lambda, {a, b})`.
class TensorFunction {
 public:
  /// Wraps a copy of `function`.
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, TensorFunction>) TensorFunction(F&& function) {
    using Function = std::decay_t<F>;
    arities_ = arities<Function>(std::make_index_sequence<kMaxTensors>());
    call_ = [f = Function(std::forward<F>(function))](std::span<const Tensor> inputs) mutable { return call(f, inputs); };
  }

  /// Returns true if the function can be called with `count` Tensors.
  bool takes(std::size_t count) const noexcept { return arities_ == kAnyNumber || (count <= kMaxTensors && (arities_ >> count & 1) != 0); }
  /// Returns in words how many Tensors the function takes: "1 tensor", "2 or 3 tensors", "any number of tensors".
  std::string takes_text() const;

  /// Calls the function inside a UserCodeScope, so that errors name lines of the function. takes(inputs.size()) must be true.
  std::vector<Tensor> operator()(std::span<const Tensor> inputs) const {
    const UserCodeScope user;
    return call_(inputs);
  }

 private:
  static constexpr std::size_t kMaxTensors = 8;
  static constexpr std::uint32_t kAnyNumber = 0xFFFFFFFF;

  template <class F, std::size_t... I>
  static constexpr bool takes_tensors(std::index_sequence<I...>) {
    return std::is_invocable_v<F&, decltype((static_cast<void>(I), std::declval<const Tensor&>()))...>;
  }

  // Bit n is set if the function can be called with n Tensors. Lists are tried only if no bit is set, since the body of a generic lambda
  // need not compile for a list.
  template <class F, std::size_t... I>
  static constexpr std::uint32_t arities(std::index_sequence<I...>) {
    constexpr std::uint32_t found = ((takes_tensors<F>(std::make_index_sequence<I + 1>()) ? 2u << I : 0u) | ...);
    if constexpr (found != 0) {
      return found;
    } else {
      static_assert(std::is_invocable_v<F&, std::span<const Tensor>> || std::is_invocable_v<F&, std::vector<Tensor>>,
                    "the function must take Tensors, or a span or vector of them");
      return kAnyNumber;
    }
  }

  static std::vector<Tensor> listed(Tensor result) { return {std::move(result)}; }
  static std::vector<Tensor> listed(std::vector<Tensor> results) { return results; }

  template <std::size_t N, class F>
  static std::vector<Tensor> call_with(F& f, std::span<const Tensor> inputs) {
    if constexpr (N <= kMaxTensors) {
      if constexpr (takes_tensors<F>(std::make_index_sequence<N>())) {
        if (inputs.size() == N) return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return listed(f(inputs[I]...));
          }
        (std::make_index_sequence<N>());
      }
      return call_with<N + 1>(f, inputs);
    } else {
      return {};
    }
  }

  template <class F>
  static std::vector<Tensor> call(F& f, std::span<const Tensor> inputs) {
    if constexpr (arities<F>(std::make_index_sequence<kMaxTensors>()) != kAnyNumber) {
      return call_with<1>(f, inputs);
    } else if constexpr (std::is_invocable_v<F&, std::span<const Tensor>>) {
      return listed(f(inputs));
    } else {
      return listed(f(std::vector<Tensor>(inputs.begin(), inputs.end())));
    }
  }

  std::function<std::vector<Tensor>(std::span<const Tensor>)> call_;
  std::uint32_t arities_ = 0;
};

}  // namespace chainrule
#pragma GCC visibility pop
