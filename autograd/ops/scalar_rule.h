// Functions with the names of ops that work on single numbers. A generic gradient rule runs on them or on Tensors, so that a graph of
// single elements is differentiated without creating Tensors. Each function returns the same bits as the op does for a Tensor of one
// element.
// Internal header: not installed.
#pragma once

#include <concepts>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"

namespace chainrule::detail {

/// One element of type T: float or double.
template <class T>
struct Scalar {
  T value;

  explicit Scalar(std::floating_point auto number) noexcept : value(static_cast<T>(number)) {}

  /// Reached where a scalar_rule() calls an op that has no overload for Scalar below.
  template <class Argument>
  requires(std::same_as<Argument, Tensor> || std::same_as<Argument, TensorArg> || std::same_as<Argument, Operand>) operator Argument()
      const {
    static_assert(
        !std::same_as<Argument, Argument>,
        "a scalar_rule() calls an op that has no form for single numbers: add an overload for Scalar to scalar_rule.h, or pass the rule "
        "without scalar_rule()");
    __builtin_unreachable();
  }
};

/// y = f(x), by a loop over one element.
template <class T, class Choose>
Scalar<T> scalar_unary(Scalar<T> x, Choose choose) noexcept {
  Scalar<T> y(T{});
  choose(kernels::elementwise<T>())(&x.value, &y.value, 1);
  return y;
}

template <class T, class Choose>
Scalar<T> scalar_binary(Scalar<T> a, Scalar<T> b, Choose choose) noexcept {
  Scalar<T> y(T{});
  choose(kernels::elementwise<T>())(&a.value, 1, &b.value, 1, &y.value, 1);
  return y;
}

// Arithmetic. A double is converted to the type of the Scalar on the other side, like a number beside a Tensor.
template <class T>
Scalar<T> operator+(Scalar<T> a, Scalar<T> b) noexcept {
  return Scalar<T>(a.value + b.value);
}
template <class T>
Scalar<T> operator+(Scalar<T> a, double b) noexcept {
  return a + Scalar<T>(b);
}
template <class T>
Scalar<T> operator-(Scalar<T> a, Scalar<T> b) noexcept {
  return Scalar<T>(a.value - b.value);
}
template <class T>
Scalar<T> operator-(Scalar<T> a, double b) noexcept {
  return a - Scalar<T>(b);
}
template <class T>
Scalar<T> operator-(double a, Scalar<T> b) noexcept {
  return Scalar<T>(a) - b;
}
template <class T>
Scalar<T> operator*(Scalar<T> a, Scalar<T> b) noexcept {
  return Scalar<T>(a.value * b.value);
}
template <class T>
Scalar<T> operator*(Scalar<T> a, double b) noexcept {
  return a * Scalar<T>(b);
}
template <class T>
Scalar<T> operator/(Scalar<T> a, Scalar<T> b) noexcept {
  return Scalar<T>(a.value / b.value);
}
template <class T>
Scalar<T> operator-(Scalar<T> x) noexcept {
  return Scalar<T>(-x.value);
}

template <class T>
Scalar<T> neg(Scalar<T> x) noexcept {
  return -x;
}
template <class T>
Scalar<T> square(Scalar<T> x) noexcept {
  return x * x;
}
template <class T>
Scalar<T> sign(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.sign; });
}
template <class T>
Scalar<T> exp(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.exp; });
}
template <class T>
Scalar<T> log(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.log; });
}
template <class T>
Scalar<T> sqrt(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.sqrt; });
}
template <class T>
Scalar<T> rsqrt(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.rsqrt; });
}
template <class T>
Scalar<T> sin(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.sin; });
}
template <class T>
Scalar<T> cos(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.cos; });
}
template <class T>
Scalar<T> sinh(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.sinh; });
}
template <class T>
Scalar<T> cosh(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.cosh; });
}
template <class T>
Scalar<T> pow(Scalar<T> a, Scalar<T> b) noexcept {
  return scalar_binary(a, b, [](const auto& loops) { return loops.pow; });
}
template <class T>
Scalar<T> pow(Scalar<T> a, double b) noexcept {
  return pow(a, Scalar<T>(b));
}
template <class T>
Scalar<T> eq(Scalar<T> a, double b) noexcept {
  return Scalar<T>(a.value == static_cast<T>(b) ? T{1} : T{0});
}
template <class T>
Scalar<T> eq(Scalar<T> a, Scalar<T> b) noexcept {
  return Scalar<T>(a.value == b.value ? T{1} : T{0});
}
template <class T>
Scalar<T> isinf(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.isinf; });
}
template <class T>
Scalar<T> sigmoid(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.sigmoid; });
}
template <class T>
Scalar<T> ge(Scalar<T> a, double b) noexcept {
  return Scalar<T>(a.value >= static_cast<T>(b) ? T{1} : T{0});
}
template <class T>
Scalar<T> logical_and(Scalar<T> a, Scalar<T> b) noexcept {
  return Scalar<T>(a.value != T{0} && b.value != T{0} ? T{1} : T{0});
}
template <class T>
Scalar<T> where(Scalar<T> condition, double a, Scalar<T> b) noexcept {
  return condition.value != T{0} ? Scalar<T>(a) : b;
}
template <class T>
Scalar<T> where(Scalar<T> condition, Scalar<T> a, double b) noexcept {
  return condition.value != T{0} ? a : Scalar<T>(b);
}
template <class T>
Scalar<T> where(Scalar<T> condition, Scalar<T> a, Scalar<T> b) noexcept {
  return condition.value != T{0} ? a : b;
}
template <class T>
Scalar<T> one_minus_square(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.one_minus_square; });
}
template <class T>
Scalar<T> gaussian(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.gaussian; });
}
template <class T>
Scalar<T> normal_density(Scalar<T> x) noexcept {
  return scalar_unary(x, [](const auto& loops) { return loops.normal_density; });
}
template <class T>
Scalar<T> tanh_gradient(Scalar<T> grad, Scalar<T> x) noexcept {
  return scalar_binary(grad, x, [](const auto& loops) { return loops.tanh_gradient; });
}
template <class T>
Scalar<T> sigmoid_gradient(Scalar<T> grad, Scalar<T> x) noexcept {
  return scalar_binary(grad, x, [](const auto& loops) { return loops.sigmoid_gradient; });
}
template <class T>
Scalar<T> relu_gradient(Scalar<T> grad, Scalar<T> y) noexcept {
  return scalar_binary(grad, y, [](const auto& loops) { return loops.threshold; });
}

/// The argument of the rule of an op with one operand if all gradients are single numbers; replaces RuleContext.
template <class T>
class ScalarContext {
 public:
  explicit ScalarContext(RuleContext& context) noexcept : context_(context), scalars_(*context.scalars()) {}

  bool needs(std::size_t i) const noexcept { return scalars_.wanted[i]; }
  Scalar<T> grad_out() const noexcept { return Scalar<T>(scalars_.grad_out); }
  Scalar<T> input(std::size_t i) const { return Scalar<T>(*values<T>(context_.input(i))); }
  Scalar<T> output() const { return Scalar<T>(context_.output_value<T>()); }
  void set(std::size_t i, Scalar<T> gradient) noexcept {
    scalars_.gradients[i] = gradient.value;
    scalars_.given[i] = true;
  }

 private:
  RuleContext& context_;
  RuleScalars& scalars_;
};

/// A rule that also runs on single numbers: `scalar_rule([](auto& r) { ... })`. It is generic in its context, a RuleContext or a
/// ScalarContext, and calls only ops that have an overload for Scalar here; another op is refused by a static_assert.
template <class F>
struct ScalarRule : F {
  using F::operator();
};
template <class F>
constexpr ScalarRule<F> scalar_rule(F rule) noexcept {
  return {rule};
}

template <class Rule>
inline constexpr bool kTakesScalars = false;
template <class F>
inline constexpr bool kTakesScalars<ScalarRule<F>> = true;

}  // namespace chainrule::detail
