// Single numbers that a rule computes with as it does with Tensors: a graph of single elements is differentiated without making any. What
// is given here is what rules of elementwise ops use; each gives the bits that the op gives for a Tensor of one element. Internal.
#pragma once

#include <concepts>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"

namespace chainrule::detail {

/// One element of type T: float or double.
template <class T>
struct One {
  T value;

  explicit One(std::floating_point auto number) noexcept : value(static_cast<T>(number)) {}
};

/// y = f(x), by a loop over one element.
template <class T, class Choose>
One<T> unary_number(One<T> x, Choose choose) noexcept {
  One<T> y(T{});
  choose(kernels::elementwise<T>())(&x.value, &y.value, 1);
  return y;
}

template <class T, class Choose>
One<T> binary_number(One<T> a, One<T> b, Choose choose) noexcept {
  One<T> y(T{});
  choose(kernels::elementwise<T>())(&a.value, 1, &b.value, 1, &y.value, 1);
  return y;
}

// Arithmetic; a double beside a One takes its type, as a number beside a Tensor does.
template <class T>
One<T> operator+(One<T> a, One<T> b) noexcept {
  return One<T>(a.value + b.value);
}
template <class T>
One<T> operator+(One<T> a, double b) noexcept {
  return a + One<T>(b);
}
template <class T>
One<T> operator-(One<T> a, One<T> b) noexcept {
  return One<T>(a.value - b.value);
}
template <class T>
One<T> operator-(One<T> a, double b) noexcept {
  return a - One<T>(b);
}
template <class T>
One<T> operator-(double a, One<T> b) noexcept {
  return One<T>(a) - b;
}
template <class T>
One<T> operator*(One<T> a, One<T> b) noexcept {
  return One<T>(a.value * b.value);
}
template <class T>
One<T> operator*(One<T> a, double b) noexcept {
  return a * One<T>(b);
}
template <class T>
One<T> operator/(One<T> a, One<T> b) noexcept {
  return One<T>(a.value / b.value);
}
template <class T>
One<T> operator-(One<T> x) noexcept {
  return One<T>(-x.value);
}

template <class T>
One<T> neg(One<T> x) noexcept {
  return -x;
}
template <class T>
One<T> square(One<T> x) noexcept {
  return x * x;
}
template <class T>
One<T> sign(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.sign; });
}
template <class T>
One<T> exp(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.exp; });
}
template <class T>
One<T> log(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.log; });
}
template <class T>
One<T> rsqrt(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.rsqrt; });
}
template <class T>
One<T> sin(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.sin; });
}
template <class T>
One<T> cos(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.cos; });
}
template <class T>
One<T> sinh(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.sinh; });
}
template <class T>
One<T> cosh(One<T> x) noexcept {
  return unary_number(x, [](const auto& loops) { return loops.cosh; });
}
template <class T>
One<T> pow(One<T> a, One<T> b) noexcept {
  return binary_number(a, b, [](const auto& loops) { return loops.pow; });
}
template <class T>
One<T> pow(One<T> a, double b) noexcept {
  return pow(a, One<T>(b));
}
template <class T>
One<T> eq(One<T> a, double b) noexcept {
  return One<T>(a.value == static_cast<T>(b) ? T{1} : T{0});
}
template <class T>
One<T> ge(One<T> a, double b) noexcept {
  return One<T>(a.value >= static_cast<T>(b) ? T{1} : T{0});
}
template <class T>
One<T> logical_and(One<T> a, One<T> b) noexcept {
  return One<T>(a.value != T{0} && b.value != T{0} ? T{1} : T{0});
}
template <class T>
One<T> where(One<T> condition, double a, One<T> b) noexcept {
  return condition.value != T{0} ? One<T>(a) : b;
}
template <class T>
One<T> tanh_gradient(One<T> grad, One<T> y) noexcept {
  return binary_number(grad, y, [](const auto& loops) { return loops.tanh_gradient; });
}
template <class T>
One<T> sigmoid_gradient(One<T> grad, One<T> y) noexcept {
  return binary_number(grad, y, [](const auto& loops) { return loops.sigmoid_gradient; });
}
template <class T>
One<T> relu_gradient(One<T> grad, One<T> y) noexcept {
  return binary_number(grad, y, [](const auto& loops) { return loops.threshold; });
}

/// What a one-sided rule sees of a RuleContext where all it handles are single numbers.
template <class T>
class NumberContext {
 public:
  explicit NumberContext(RuleContext& context) noexcept : context_(context), numbers_(*context.numbers()) {}

  bool needs(std::size_t i) const noexcept { return numbers_.wanted[i]; }
  One<T> grad_out() const noexcept { return One<T>(numbers_.grad_out); }
  One<T> input(std::size_t i) const { return One<T>(*values<T>(context_.input(i))); }
  One<T> output() const { return One<T>(context_.output_value<T>()); }
  void set(std::size_t i, One<T> gradient) noexcept {
    numbers_.gradients[i] = gradient.value;
    numbers_.given[i] = true;
  }

 private:
  RuleContext& context_;
  RuleNumbers& numbers_;
};

/// Whether a rule can be run on single numbers: those that say what they take cannot.
template <class Rule>
concept TakesNumbers = requires(const Rule& rule, NumberContext<float>& context) {
  rule(context);
};

}  // namespace chainrule::detail
