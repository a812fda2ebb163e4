// Helpers to write elementwise ops with one or two operands. The templates only select the loops and the gradient rule of an op;
// elementwise_op.cpp contains the code that all ops share.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/ops/scalar_rule.h"

namespace chainrule::detail {

/// The loops and the gradient rule of an op with one operand.
struct UnaryOp {
  kernels::UnaryLoop<float> (*float32)() noexcept;
  kernels::UnaryLoop<double> (*float64)() noexcept;
  kernels::UnaryLoop<std::int64_t> int64;  // null if the op does not accept int64
  Node::Invoke rule;
  OpTraits traits;
};

/// Returns f(x), recorded with the rule of the op.
/// @throws std::invalid_argument if x is undefined, or of a dtype that the op does not accept.
Tensor unary_op(const char* name, const UnaryOp& op, const TensorArg& x);

/// The loop that `Choose` takes from the kernels' table.
template <class T, class Choose>
auto chosen_loop() noexcept {
  return Choose()(kernels::elementwise<T>());
}

template <class Rule>
void run_rule(RuleContext& context) {
  if constexpr (kTakesScalars<Rule>) {
    if (context.scalars() != nullptr) {
      visit_floating(context.dtype(), [&]<class T>() {
        ScalarContext<T> numbers(context);
        Rule()(numbers);
      });
      return;
    }
  }
  Rule()(context);
}

template <class Choose, class Rule>
constexpr UnaryOp make_unary_op(kernels::UnaryLoop<std::int64_t> int64) noexcept {
  static_assert(std::is_empty_v<Choose> && std::is_empty_v<Rule>);
  return {.float32 = chosen_loop<float, Choose>,
          .float64 = chosen_loop<double, Choose>,
          .int64 = int64,
          .rule = [](const void*, RuleContext& context) { run_rule<Rule>(context); },
          .traits = {.recordable = !std::is_same_v<Rule, NoRule>, .takes_scalars = kTakesScalars<Rule>}};
}

/// y = f(x) by the loop that `choose` takes from the kernels' table. `rule(r)` gives the gradient, r being a RuleContext or, inside a
/// scalar_rule(), also a ScalarContext. Neither captures anything.
template <class Choose, class Rule>
Tensor unary(const char* name, const TensorArg& x, Choose, Rule) {
  static constexpr UnaryOp kOp = make_unary_op<Choose, Rule>(nullptr);
  return unary_op(name, kOp, x);
}

/// y[i] = f(x[i]).
template <class Integer>
void integer_loop(const std::int64_t* x, std::int64_t* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = Integer()(x[i]);
}

/// The same as unary(), for int64 too: `integer(x)` computes one int64 element.
template <class Choose, class Integer, class Rule>
Tensor unary_any(const char* name, const TensorArg& x, Choose, Integer, Rule) {
  static constexpr UnaryOp kOp = make_unary_op<Choose, Rule>(integer_loop<Integer>);
  return unary_op(name, kOp, x);
}

// The sides a and b of an op with two operands: each is an input of the node or the number.
struct SideCaptures {
  double number;     // the side that is not an input, if there is one
  std::int8_t a, b;  // index of the input, or -1 for the number
};

/// The argument of the rule of an op with two operands: a view of a context in which each side is a Tensor or a number.
template <class Context, class Side>
class SidesOf {
 public:
  using Gradient = std::remove_cvref_t<decltype(std::declval<const Context&>().grad_out())>;

  SidesOf(RuleContext& context, const SideCaptures& captures) noexcept : context_(context), captures_(captures) {}

  bool needs_a() const noexcept { return captures_.a >= 0 && context_.needs(static_cast<std::size_t>(captures_.a)); }
  bool needs_b() const noexcept { return captures_.b >= 0 && context_.needs(static_cast<std::size_t>(captures_.b)); }
  bool a_is_number() const noexcept { return captures_.a < 0; }
  bool b_is_number() const noexcept { return captures_.b < 0; }
  double number() const noexcept { return captures_.number; }
  Side a() const { return side(captures_.a); }
  Side b() const { return side(captures_.b); }
  decltype(auto) grad_out() const noexcept { return context_.grad_out(); }
  Gradient output() const { return context_.output(); }
  void set_a(Gradient gradient) noexcept { context_.set(static_cast<std::size_t>(captures_.a), std::move(gradient)); }
  void set_b(Gradient gradient) noexcept { context_.set(static_cast<std::size_t>(captures_.b), std::move(gradient)); }

 private:
  Side side(std::int8_t input) const {
    if (input < 0) return Side(captures_.number);
    return Side(context_.input(static_cast<std::size_t>(input)));
  }

  Context context_;
  const SideCaptures& captures_;
};

/// Each side is a Tensor or a number.
using Sides = SidesOf<RuleContext&, Operand>;

/// The same for gradients that are single numbers.
template <class T>
using ScalarSides = SidesOf<ScalarContext<T>, Scalar<T>>;

/// Runs the rule of a two-sided op.
template <class Rule>
void run_sided_rule(RuleContext& context, const SideCaptures& captures) {
  if constexpr (kTakesScalars<Rule>) {
    if (context.scalars() != nullptr) {
      visit_floating(context.dtype(), [&]<class T>() {
        ScalarSides<T> sides(context, captures);
        Rule{}(sides);
      });
      return;
    }
  }
  Sides sides(context, captures);
  Rule{}(sides);
}

/// The loops and the gradient rules of an op with two operands.
struct BinaryOp {
  kernels::BinaryLoop<float> (*float32)() noexcept;
  kernels::BinaryLoop<double> (*float64)() noexcept;
  kernels::BinaryLoop<std::int64_t> int64;                 // null if the op does not accept int64, or `integers` computes it
  Tensor (*integers)(const Operand& a, const Operand& b);  // null except for binary_apart()
  Node::Invoke rule;                                       // for two Tensors; captures nothing
  Node::Invoke sided_rule;                                 // for a Tensor and a number; captures SideCaptures
  OpTraits traits;
};

/// Returns f(a, b) with broadcasting, recorded with the rule of the op.
/// @throws std::invalid_argument for undefined Tensors, for two numbers, for dtypes that differ or that the op does not accept, and for
/// shapes that do not broadcast together.
Tensor binary_op(const char* name, const BinaryOp& op, const Operand& a, const Operand& b);

template <class Choose, class Rule>
constexpr BinaryOp make_binary_op(kernels::BinaryLoop<std::int64_t> int64,
                                  Tensor (*integers)(const Operand&, const Operand&) = nullptr) noexcept {
  static_assert(std::is_empty_v<Choose> && std::is_empty_v<Rule>, "the sides carry all a two-sided rule may know");
  return {.float32 = chosen_loop<float, Choose>,
          .float64 = chosen_loop<double, Choose>,
          .int64 = int64,
          .integers = integers,
          .rule =
              [](const void*, RuleContext& context) {
                constexpr SideCaptures kTensors{0, 0, 1};
                run_sided_rule<Rule>(context, kTensors);
              },
          .sided_rule = [](const void* captures,
                           RuleContext& context) { run_sided_rule<Rule>(context, *static_cast<const SideCaptures*>(captures)); },
          .traits = {.broadcasts = true, .recordable = !std::is_same_v<Rule, NoRule>, .takes_scalars = kTakesScalars<Rule>}};
}

/// y = f(a, b) for floating operands, by the loop that `choose` takes from the kernels' table. `rule(s)` gives the gradients, s being Sides
/// or, inside a scalar_rule(), also ScalarSides. Neither captures anything.
template <class Choose, class Rule>
Tensor binary(const char* name, const Operand& a, const Operand& b, Choose, Rule) {
  static constexpr BinaryOp kOp = make_binary_op<Choose, Rule>(nullptr);
  return binary_op(name, kOp, a, b);
}

/// y[i] = f(a[i·a_step], b[i·b_step]).
template <class Integer>
void integer_loop(const std::int64_t* a, std::int64_t a_step, const std::int64_t* b, std::int64_t b_step, std::int64_t* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = Integer()(a[i * a_step], b[i * b_step]);
}

/// The same as binary(), for int64 operands too: `integer(x, z)` computes one int64 element.
template <class Choose, class Integer, class Rule>
Tensor binary_any(const char* name, const Operand& a, const Operand& b, Choose, Integer, Rule) {
  static constexpr BinaryOp kOp = make_binary_op<Choose, Rule>(integer_loop<Integer>);
  return binary_op(name, kOp, a, b);
}

/// The same as binary(), where `integers(a, b)` returns the result for int64 operands.
template <class Choose, class Integers, class Rule>
Tensor binary_apart(const char* name, const Operand& a, const Operand& b, Choose, Integers, Rule) {
  static constexpr BinaryOp kOp = make_binary_op<Choose, Rule>(nullptr, Integers());
  return binary_op(name, kOp, a, b);
}

}  // namespace chainrule::detail
