// What elementwise ops are written with: one operand or two, in any dtype a kernel has, recorded with a rule. Internal.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/parallel.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/number.h"
#include "autograd/record.h"

namespace chainrule::detail {

/// y = f(x) by the loop that `choose` takes from the kernels' table; `rule(r)` gives the gradient, r being a RuleContext or, where rule is
/// generic, a NumberContext.
template <class Choose, class Rule>
Tensor unary(const char* op, const TensorArg& x, Choose choose, const Rule& rule, OpTraits traits = {}) {
  Node* node = floating_node(op, x.tensor(), x.line());
  const Tensor* inputs[] = {&x.tensor()};
  traits.takes_numbers = TakesNumbers<Rule>;
  const auto with_context = [rule](RuleContext& context) {
    if constexpr (TakesNumbers<Rule>) {
      if (context.numbers() != nullptr) {
        visit_floating(context.dtype(), [&](auto zero) {
          NumberContext<decltype(zero)> numbers(context);
          rule(numbers);
        });
        return;
      }
    }
    rule(context);
  };
  Tensor y = make_result(op, x.line(), node->dtype, Sizes(node), inputs, with_context, traits);
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::UnaryLoop<T> loop = choose(kernels::elementwise<T>());
    const T* from = node->values<T>();
    T* to = mutable_values<T>(y);
    kernels::parallel_pieces(node->numel, kElementGrain,
                             [&](std::int64_t begin, std::int64_t end) { loop(from + begin, to + begin, end - begin); });
  });
  return done(y);
}

// Which of a two-sided node's inputs each side is, or the number it is.
struct SideCaptures {
  double number;     // of the side that is none of the inputs
  std::int8_t a, b;  // -1: the number
};

/// What the rule of a two-sided op sees of a context: each side is a Side, which is a number where it is none of the inputs.
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

/// The same where all that the rule handles are single numbers.
template <class T>
using NumberSides = SidesOf<NumberContext<T>, One<T>>;

template <class Rule>
concept TakesNumberSides = requires(const Rule& rule, NumberSides<float>& sides) {
  rule(sides);
};

// The same as common_dtype(), where it is not told at first sight.
[[gnu::noinline]] inline DType checked_common_dtype(const char* op, const Operand& a, const Operand& b) {
  const SourceLine& line = a.line();
  if (a.is_number() && b.is_number()) throw_invalid(op, "got two numbers, expected at least one tensor", line);
  const Node* left = a.is_number() ? nullptr : defined_node(op, a.tensor(), line);
  const Node* right = b.is_number() ? nullptr : defined_node(op, b.tensor(), line);
  if (left == nullptr || right == nullptr) return (left != nullptr ? left : right)->dtype;
  if (left->dtype != right->dtype)
    throw_invalid(op, text("lhs is ", left->dtype, " and rhs is ", right->dtype, ", expected one dtype: convert one with to()"), line);
  return left->dtype;
}

/// The dtype two operands share.
/// @throws std::invalid_argument for undefined tensors, two numbers, or dtypes that differ.
inline DType common_dtype(const char* op, const Operand& a, const Operand& b) {
  if (!a.is_number() && !b.is_number()) {
    const Node *left = node_of(a.tensor()), *right = node_of(b.tensor());
    if (left != nullptr && right != nullptr && left->dtype == right->dtype) return left->dtype;
  }
  return checked_common_dtype(op, a, b);
}

/// Refuses a number that a Tensor of this dtype beside it cannot hold: int64 must not lose digits silently.
inline void check_number(const char* op, double number, DType dtype, const SourceLine& line) {
  if (is_floating(dtype) || (std::trunc(number) == number && std::abs(number) <= 0x1p53)) return;
  const char* limit = std::abs(number) > 0x1p53 ? " up to 2^53" : "";
  throw_invalid(op, text("the number ", number, " beside an int64 tensor is not an integer", limit), line);
}

/// Runs the rule of a two-sided op.
template <class Rule>
void run_sided_rule(RuleContext& context, const SideCaptures& captures) {
  if constexpr (TakesNumberSides<Rule>) {
    if (context.numbers() != nullptr) {
      visit_floating(context.dtype(), [&](auto zero) {
        NumberSides<decltype(zero)> sides(context, captures);
        Rule{}(sides);
      });
      return;
    }
  }
  Sides sides(context, captures);
  Rule{}(sides);
}

/// y = f(a, b) over the broadcast shape; `compute(T{}, a, a_step, b, b_step, y, n)` fills a stretch; `rule(s)` gives the gradients, s being
/// Sides or, where rule is generic, NumberSides.
template <class Compute, class Rule>
Tensor binary_op(const char* op, const Operand& a, const Operand& b, DType dtype, Compute compute, const Rule&, OpTraits traits) {
  static_assert(std::is_empty_v<Rule>, "the sides carry all a two-sided rule may know");
  const SourceLine& line = a.line();
  Node* const left = a.is_number() ? nullptr : node_of(a.tensor());
  Node* const right = b.is_number() ? nullptr : node_of(b.tensor());
  traits.broadcasts = true;
  traits.takes_numbers = TakesNumberSides<Rule>;
  if (left != nullptr && right != nullptr && left->rank == 0 && right->rank == 0) {
    const auto with_tensors = [](RuleContext& context) {
      constexpr SideCaptures kTensors{0, 0, 1};
      run_sided_rule<Rule>(context, kTensors);
    };
    Tensor y = make_number(op, line, dtype, a.tensor(), b.tensor(), with_tensors, traits);
    visit_dtype(dtype, [&](auto zero) {
      using T = decltype(zero);
      compute(zero, left->values<T>(), 1, right->values<T>(), 1, mutable_values<T>(y), 1);
    });
    return done(std::move(y));
  }
  const Tensor* inputs[2];
  std::size_t count = 0;
  SideCaptures captures{0, -1, -1};
  if (a.is_number()) {
    captures.number = a.number();
  } else {
    captures.a = static_cast<std::int8_t>(count);
    inputs[count++] = &a.tensor();
  }
  if (b.is_number()) {
    captures.number = b.number();
  } else {
    captures.b = static_cast<std::int8_t>(count);
    inputs[count++] = &b.tensor();
  }
  const auto with_sides = [captures](RuleContext& context) { run_sided_rule<Rule>(context, captures); };
  const std::span<const Tensor* const> tensors(inputs, count);
  const auto with_operands = [&](auto use) {
    visit_dtype(dtype, [&](auto zero) {
      using T = decltype(zero);
      const T number = static_cast<T>(captures.number);
      use(zero, left == nullptr ? &number : left->values<T>(), right == nullptr ? &number : right->values<T>());
    });
  };
  if (left == nullptr || right == nullptr || Sizes(left) == Sizes(right)) {
    const std::int64_t step_a = left == nullptr ? 0 : 1, step_b = right == nullptr ? 0 : 1;
    Tensor y = make_result(op, line, dtype, Sizes(left == nullptr ? right : left), tensors, with_sides, traits);
    with_operands([&]<class T>(T zero, const T* from_a, const T* from_b) {
      T* to = mutable_values<T>(y);
      kernels::parallel_pieces(node_of(y)->numel, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
        compute(zero, from_a + begin * step_a, step_a, from_b + begin * step_b, step_b, to + begin, end - begin);
      });
    });
    return done(std::move(y));
  }
  const Shape shape_a = shape_of(left), shape_b = shape_of(right);
  const Shape shape = broadcast_shapes(op, shape_a, shape_b, line);
  Tensor y = make_result(op, line, dtype, shape, tensors, with_sides, traits);
  with_operands([&]<class T>(T zero, const T* from_a, const T* from_b) {
    T* to = mutable_values<T>(y);
    broadcast_runs<2>(shape, {shape_a, shape_b}, [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
      compute(zero, from_a + offsets[0], steps[0], from_b + offsets[1], steps[1], to + begin, n);
    });
  });
  return done(std::move(y));
}

/// For floating operands only, by the loop that `choose` takes from the kernels' table.
template <class Choose, class Rule>
Tensor binary(const char* op, const Operand& a, const Operand& b, Choose choose, const Rule& rule, OpTraits traits = {}) {
  const DType dtype = common_dtype(op, a, b);
  if (!is_floating(dtype)) throw_invalid(op, text("got ", dtype, ", expected float32 or float64"), a.line());
  const auto compute = [choose]<class T>(T, const T* x, std::int64_t x_step, const T* z, std::int64_t z_step, T* y, std::int64_t n) {
    if constexpr (std::is_floating_point_v<T>) choose(kernels::elementwise<T>())(x, x_step, z, z_step, y, n);
  };
  return binary_op(op, a, b, dtype, compute, rule, traits);
}

/// The same with `f(x, z)` for one int64 element.
template <class Choose, class Integer, class Rule>
Tensor binary_any(const char* op, const Operand& a, const Operand& b, Choose choose, Integer f, const Rule& rule, OpTraits traits = {}) {
  const auto compute = [choose, f]<class T>(T, const T* x, std::int64_t x_step, const T* z, std::int64_t z_step, T* y, std::int64_t n) {
    if constexpr (std::is_floating_point_v<T>) {
      choose(kernels::elementwise<T>())(x, x_step, z, z_step, y, n);
    } else {
      for (std::int64_t i = 0; i < n; ++i) y[i] = f(x[i * x_step], z[i * z_step]);
    }
  };
  const DType dtype = common_dtype(op, a, b);
  if (a.is_number() || b.is_number()) check_number(op, a.is_number() ? a.number() : b.number(), dtype, a.line());
  return binary_op(op, a, b, dtype, compute, rule, traits);
}

/// A rule for ops whose result carries no gradient.
inline constexpr auto kNoRule = [](auto&) {};

}  // namespace chainrule::detail
