#include "autograd/ops/elementwise_op.h"

#include <array>
#include <span>

#include "autograd/ops/broadcast.h"
#include "autograd/parallel/parallel.h"

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

// One operand.

[[gnu::noinline]] Tensor unary_tensor(const char* name, const UnaryOp& op, const TensorArg& x) {
  const Node* node = node_of(x.tensor());
  const std::array inputs{&x.tensor()};
  return make_result(name, x.line(), node->dtype, Sizes(node), inputs, any_dtype([of = &op]<class T>(const OpValues<T>& v) {
                       const kernels::UnaryLoop<T> loop = loop_of<T>(*of);
                       const T* const from = v.in();
                       T* const to = v.out();
                       kernels::parallel_pieces(v.out_numel(), kElementGrain,
                                                [&](std::int64_t begin, std::int64_t end) { loop(from + begin, to + begin, end - begin); });
                     }),
                     RuleRef(op.rule, nullptr, 0), op.traits);
}

// Two operands.

DType checked_common_dtype(const char* op, const Operand& a, const Operand& b) {
  const SourceLine& line = a.line();
  if (a.is_number() && b.is_number()) throw_invalid(op, "got two numbers, expected at least one tensor", line);
  const Node* left = a.is_number() ? nullptr : defined_node(op, a.tensor(), line);
  const Node* right = b.is_number() ? nullptr : defined_node(op, b.tensor(), line);
  if (left == nullptr || right == nullptr) return (left != nullptr ? left : right)->dtype;
  if (left->dtype != right->dtype)
    throw_invalid(op, text("lhs is ", left->dtype, " and rhs is ", right->dtype, ", expected the same dtype: convert one with to()"), line);
  return left->dtype;
}

// Returns the common dtype of two operands; throws for undefined Tensors, two numbers, or different dtypes.
DType common_dtype(const char* op, const Operand& a, const Operand& b) {
  if (!a.is_number() && !b.is_number()) {
    const Node *left = node_of(a.tensor()), *right = node_of(b.tensor());
    if (left != nullptr && right != nullptr && left->dtype == right->dtype) return left->dtype;
  }
  return checked_common_dtype(op, a, b);
}

[[gnu::noinline]] void check_operands(const char* name, const BinaryOp& op, const Operand& a, const Operand& b, DType dtype) {
  if (op.int64 == nullptr) throw_invalid(name, text("got ", dtype, ", expected float32 or float64: convert with to()"), a.line());
  if (a.is_number() || b.is_number()) check_number(name, "the number", (a.is_number() ? a : b).number(), dtype, a.line());
}

// The nodes of the two operands; null for a number.
struct SideNodes {
  Node* a;
  Node* b;
};

// Calls use(loop, a's values, b's values).
template <class Use>
[[gnu::always_inline]] inline void with_values(const BinaryOp& op, DType dtype, const Operand& a, const Operand& b, SideNodes nodes,
                                               Use use) {
  visit_dtype(dtype, [&]<class T>() {
    const T number = nodes.a == nullptr ? element_of<T>(a.number()) : nodes.b == nullptr ? element_of<T>(b.number()) : T{0};
    use(loop_of<T>(op), nodes.a == nullptr ? &number : nodes.a->values<T>(), nodes.b == nullptr ? &number : nodes.b->values<T>());
  });
}

SideCaptures captures_of(const Operand& a, const Operand& b) noexcept {
  return a.is_number() ? SideCaptures{a.number().value(), -1, 0} : SideCaptures{b.number().value(), 0, -1};
}

// Computes an op on a Tensor and a number, or on two Tensors of the same shape.
struct OneShapeCompute {
  const BinaryOp* op;
  NumberArg number;
  std::int8_t a, b;  // index of the input; -1: the number

  void operator()(const OpContext& context) const {
    visit_dtype(node_of(context.result())->dtype, [&]<class T>() {
      const OpValues<T> v(context);
      const T constant = element_of<T>(number);
      const T* const from_a = a < 0 ? &constant : v.in(static_cast<std::size_t>(a));
      const T* const from_b = b < 0 ? &constant : v.in(static_cast<std::size_t>(b));
      const std::int64_t step_a = a < 0 ? 0 : 1, step_b = b < 0 ? 0 : 1;
      const kernels::BinaryLoop<T> loop = loop_of<T>(*op);
      T* const to = v.out();
      kernels::parallel_pieces(v.out_numel(), kElementGrain, [&](std::int64_t begin, std::int64_t end) {
        loop(from_a + begin * step_a, step_a, from_b + begin * step_b, step_b, to + begin, end - begin);
      });
    });
  }
};

struct BroadcastCompute {
  const BinaryOp* op;

  void operator()(const OpContext& context) const {
    visit_dtype(node_of(context.result())->dtype, [&]<class T>() {
      const OpValues<T> v(context);
      const kernels::BinaryLoop<T> loop = loop_of<T>(*op);
      const T *const from_a = v.in(0), *const from_b = v.in(1);
      T* const to = v.out();
      broadcast_runs<2>(v.out_shape(), {v.in_shape(0), v.in_shape(1)},
                        [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
                          loop(from_a + offsets[0], steps[0], from_b + offsets[1], steps[1], to + begin, n);
                        });
    });
  }
};

[[gnu::noinline]] Tensor binary_tensors(const char* name, const BinaryOp& op, const Operand& a, const Operand& b, DType dtype,
                                        SideNodes nodes) {
  const SourceLine& line = a.line();
  if (nodes.a == nullptr || nodes.b == nullptr) {
    const SideCaptures captures = captures_of(a, b);
    const std::array inputs{nodes.a == nullptr ? &b.tensor() : &a.tensor()};
    return make_result(name, line, dtype, Sizes(node_of(*inputs[0])), inputs,
                       OneShapeCompute{&op, (a.is_number() ? a : b).number(), captures.a, captures.b},
                       RuleRef(op.sided_rule, &captures, sizeof captures), op.traits);
  }
  const RuleRef rule(op.rule, nullptr, 0);
  const std::array inputs{&a.tensor(), &b.tensor()};
  if (Sizes(nodes.a) == Sizes(nodes.b))
    return make_result(name, line, dtype, Sizes(nodes.a), inputs, OneShapeCompute{&op, 0, 0, 1}, rule, op.traits);
  const Shape shape = broadcast_shapes(name, shape_of(nodes.a), shape_of(nodes.b), line);
  return make_result(name, line, dtype, shape, inputs, BroadcastCompute{&op}, rule, op.traits);
}

// Single numbers: the same results, made without a loop over a shape.

// Makes the result of an op on single numbers, recorded or without history. The number of inputs and the size of the captures are known at
// compile time, so that building the node takes little more than its stores. Not used under DetectAnomaly.
template <std::size_t kInputs, std::size_t kCaptured>
[[gnu::always_inline]] inline Tensor make_number(const char* name, const SourceLine& line, DType dtype,
                                                 const std::array<const Tensor*, kInputs>& inputs, const RuleRef& rule,
                                                 const OpTraits& traits) {
  const Sizes none{nullptr, 0};
  if (name == nullptr) __builtin_unreachable();  // spares build_node() the test
  if (!traits.recordable || !records(inputs)) return make_plain(dtype, none);
  return Node::handle(build_node(recorded_plan(name, line, dtype, none, inputs, rule, traits), std::integral_constant<std::size_t, 0>(),
                                 std::integral_constant<std::size_t, kInputs>(), std::integral_constant<std::size_t, kCaptured>()));
}

// Returns true if make_number() can be used for an op on this node.
bool is_unwatched_number(const Node* node) noexcept { return node->rank == 0 && !thread_context.anomaly; }

// The result for single numbers.
[[gnu::always_inline]] inline Tensor binary_numbers(const char* name, const BinaryOp& op, const Operand& a, const Operand& b, DType dtype,
                                                    SideNodes nodes) {
  const auto computed = [&](Tensor y) __attribute__((always_inline)) {
    with_values(op, dtype, a, b, nodes, [&]<class T>(kernels::BinaryLoop<T> loop, const T* from_a, const T* from_b) {
      loop(from_a, 1, from_b, 1, mutable_values<T>(y), 1);
    });
    return y;
  };
  if (nodes.a != nullptr && nodes.b != nullptr)
    return computed(make_number<2, 0>(name, a.line(), dtype, {&a.tensor(), &b.tensor()}, {op.rule, nullptr, 0}, op.traits));
  const SideCaptures captures = captures_of(a, b);
  return computed(make_number<1, sizeof captures>(name, a.line(), dtype, {nodes.a == nullptr ? &b.tensor() : &a.tensor()},
                                                  {op.sided_rule, &captures, sizeof captures}, op.traits));
}

}  // namespace

Tensor unary_op(const char* name, const UnaryOp& op, const TensorArg& x) {
  Node* node = op.int64 != nullptr ? defined_node(name, x.tensor(), x.line()) : floating_node(name, x.tensor(), x.line());
  if (!is_unwatched_number(node)) return unary_tensor(name, op, x);
  Tensor y = make_number<1, 0>(name, x.line(), node->dtype, {&x.tensor()}, {op.rule, nullptr, 0}, op.traits);
  visit_dtype(node->dtype, [&]<class T>() { loop_of<T>(op)(node->values<T>(), mutable_values<T>(y), 1); });
  return y;
}

Tensor binary_op(const char* name, const BinaryOp& op, const Operand& a, const Operand& b) {
  const DType dtype = common_dtype(name, a, b);
  if (!is_floating(dtype)) {
    if (op.integers != nullptr) return op.integers(a, b);
    check_operands(name, op, a, b, dtype);
  }
  const SideNodes nodes{a.is_number() ? nullptr : node_of(a.tensor()), b.is_number() ? nullptr : node_of(b.tensor())};
  if ((nodes.a == nullptr || is_unwatched_number(nodes.a)) && (nodes.b == nullptr || is_unwatched_number(nodes.b)))
    return binary_numbers(name, op, a, b, dtype, nodes);
  return binary_tensors(name, op, a, b, dtype, nodes);
}

}  // namespace chainrule::detail
