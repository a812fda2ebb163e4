// Single numbers that a rule computes with as it does with Tensors: a graph of single elements is differentiated without making any. What
// is given here is what rules of elementwise ops use; each gives the bits that the op gives for a Tensor of one element.
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

// Arithmetic; a double beside a One takes its type, as a number beside a Tensor does.
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
Scalar<T> tanh_gradient(Scalar<T> grad, Scalar<T> y) noexcept {
  return scalar_binary(grad, y, [](const auto& loops) { return loops.tanh_gradient; });
}
template <class T>
Scalar<T> sigmoid_gradient(Scalar<T> grad, Scalar<T> y) noexcept {
  return scalar_binary(grad, y, [](const auto& loops) { return loops.sigmoid_gradient; });
}
template <class T>
Scalar<T> relu_gradient(Scalar<T> grad, Scalar<T> y) noexcept {
  return scalar_binary(grad, y, [](const auto& loops) { return loops.threshold; });
}

/// What a one-sided rule sees of a RuleContext where all it handles are single numbers.
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

/// Whether a rule can be run on single numbers: those that say what they take cannot.
template <class Rule>
concept TakesScalars = requires(const Rule& rule, ScalarContext<float>& context) {
  rule(context);
};

}  // namespace chainrule::detail
