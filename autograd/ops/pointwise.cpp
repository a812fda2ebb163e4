#include "autograd/ops/pointwise.h"

#include <array>
#include <cmath>
#include <span>

#include "autograd/kernels/parallel.h"
#include "autograd/ops/broadcast.h"

namespace chainrule::detail {
namespace {

template <class T, class Op>
auto loop_of(const Op& op) noexcept {
  if constexpr (std::is_same_v<T, float>) {
    return op.float32();
  } else if constexpr (std::is_same_v<T, double>) {
    return op.float64();
  } else {
    return op.int64;
  }
}

// The result of an op whose operands have no axes: what graphs of single numbers are made of.
template <std::size_t kInputs, std::size_t kCaptured>
[[gnu::always_inline]] inline Tensor make_number(const char* name, const SourceLine& line, DType dtype,
                                                 const std::array<const Tensor*, kInputs>& inputs, const RuleRef& rule, OpTraits traits) {
  const Sizes none{nullptr, 0};
  note_anomaly_inputs(name, line, inputs);
  if (!traits.recordable || !records(inputs)) return make_plain(dtype, none);
  return Node::handle(build_node(recorded_plan(name, line, dtype, none, inputs, rule, traits), std::integral_constant<std::size_t, 0>(),
                                 std::integral_constant<std::size_t, kInputs>(), std::integral_constant<std::size_t, kCaptured>()));
}

DType checked_common_dtype(const char* op, const Operand& a, const Operand& b) {
  const SourceLine& line = a.line();
  if (a.is_number() && b.is_number()) throw_invalid(op, "got two numbers, expected at least one tensor", line);
  const Node* left = a.is_number() ? nullptr : defined_node(op, a.tensor(), line);
  const Node* right = b.is_number() ? nullptr : defined_node(op, b.tensor(), line);
  if (left == nullptr || right == nullptr) return (left != nullptr ? left : right)->dtype;
  if (left->dtype != right->dtype)
    throw_invalid(op, text("lhs is ", left->dtype, " and rhs is ", right->dtype, ", expected one dtype: convert one with to()"), line);
  return left->dtype;
}

// The dtype two sides share; throws for undefined tensors, two numbers, or dtypes that differ.
DType common_dtype(const char* op, const Operand& a, const Operand& b) {
  if (!a.is_number() && !b.is_number()) {
    const Node *left = node_of(a.tensor()), *right = node_of(b.tensor());
    if (left != nullptr && right != nullptr && left->dtype == right->dtype) return left->dtype;
  }
  return checked_common_dtype(op, a, b);
}

[[gnu::noinline]] void check_operands(const char* name, const BinaryOp& op, const Operand& a, const Operand& b, DType dtype) {
  if (op.int64 == nullptr) throw_invalid(name, text("got ", dtype, ", expected float32 or float64"), a.line());
  if (a.is_number() || b.is_number()) check_number(name, a.is_number() ? a.number() : b.number(), dtype, a.line());
}

}  // namespace

void check_number(const char* op, double number, DType dtype, const SourceLine& line) {
  if (is_floating(dtype) || (std::trunc(number) == number && std::abs(number) <= 0x1p53)) return;
  const char* limit = std::abs(number) > 0x1p53 ? " up to 2^53" : "";
  throw_invalid(op, text("the number ", number, " beside an int64 tensor is not an integer", limit), line);
}

Tensor unary_op(const char* name, const UnaryOp& op, const TensorArg& x) {
  Node* node = floating_node(name, x.tensor(), x.line());
  const std::array inputs{&x.tensor()};
  const RuleRef rule{op.rule, nullptr, 0};
  if (node->rank == 0) {
    Tensor y = make_number<1, 0>(name, x.line(), node->dtype, inputs, rule, op.traits);
    visit_floating(node->dtype, [&](auto zero) {
      using T = decltype(zero);
      loop_of<T>(op)(node->values<T>(), mutable_values<T>(y), 1);
    });
    return done(std::move(y));
  }
  Tensor y = make_result(name, x.line(), node->dtype, Sizes(node), inputs, rule, op.traits);
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::UnaryLoop<T> loop = loop_of<T>(op);
    const T* from = node->values<T>();
    T* to = mutable_values<T>(y);
    kernels::parallel_pieces(node->numel, kElementGrain,
                             [&](std::int64_t begin, std::int64_t end) { loop(from + begin, to + begin, end - begin); });
  });
  return done(std::move(y));
}

Tensor binary_op(const char* name, const BinaryOp& op, const Operand& a, const Operand& b) {
  const SourceLine& line = a.line();
  const DType dtype = common_dtype(name, a, b);
  if (!is_floating(dtype)) check_operands(name, op, a, b, dtype);
  Node* const left = a.is_number() ? nullptr : node_of(a.tensor());
  Node* const right = b.is_number() ? nullptr : node_of(b.tensor());

  // Calls use(loop, a's values, b's values).
  const auto with_operands = [&](auto use) {
    visit_dtype(dtype, [&](auto zero) {
      using T = decltype(zero);
      const T number = static_cast<T>(left == nullptr ? a.number() : right == nullptr ? b.number() : 0);
      use(loop_of<T>(op), left == nullptr ? &number : left->values<T>(), right == nullptr ? &number : right->values<T>());
    });
  };
  const auto of_one_element = [&](Tensor y) {
    with_operands([&]<class T>(kernels::BinaryLoop<T> loop, const T* from_a, const T* from_b) {
      loop(from_a, 1, from_b, 1, mutable_values<T>(y), 1);
    });
    return done(std::move(y));
  };
  const auto of_one_shape = [&](Tensor y) {
    const std::int64_t step_a = left == nullptr ? 0 : 1, step_b = right == nullptr ? 0 : 1;
    with_operands([&]<class T>(kernels::BinaryLoop<T> loop, const T* from_a, const T* from_b) {
      T* to = mutable_values<T>(y);
      kernels::parallel_pieces(node_of(y)->numel, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
        loop(from_a + begin * step_a, step_a, from_b + begin * step_b, step_b, to + begin, end - begin);
      });
    });
    return done(std::move(y));
  };

  if (left == nullptr || right == nullptr) {
    Node* const node = left == nullptr ? right : left;
    const SideCaptures captures = left == nullptr ? SideCaptures{a.number(), -1, 0} : SideCaptures{b.number(), 0, -1};
    const RuleRef rule{op.sided_rule, &captures, sizeof captures};
    const std::array inputs{left == nullptr ? &b.tensor() : &a.tensor()};
    if (node->rank == 0) return of_one_element(make_number<1, sizeof captures>(name, line, dtype, inputs, rule, op.traits));
    return of_one_shape(make_result(name, line, dtype, Sizes(node), inputs, rule, op.traits));
  }
  const RuleRef rule{op.rule, nullptr, 0};
  const std::array inputs{&a.tensor(), &b.tensor()};
  if (left->rank == 0 && right->rank == 0) return of_one_element(make_number<2, 0>(name, line, dtype, inputs, rule, op.traits));
  if (Sizes(left) == Sizes(right)) return of_one_shape(make_result(name, line, dtype, Sizes(left), inputs, rule, op.traits));
  const Shape shape_a = shape_of(left), shape_b = shape_of(right);
  const Shape shape = broadcast_shapes(name, shape_a, shape_b, line);
  Tensor y = make_result(name, line, dtype, shape, inputs, rule, op.traits);
  with_operands([&]<class T>(kernels::BinaryLoop<T> loop, const T* from_a, const T* from_b) {
    T* to = mutable_values<T>(y);
    broadcast_runs<2>(shape, {shape_a, shape_b}, [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
      loop(from_a + offsets[0], steps[0], from_b + offsets[1], steps[1], to + begin, n);
    });
  });
  return done(std::move(y));
}

}  // namespace chainrule::detail
