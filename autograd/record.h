// How an op makes its result: with its rule when gradients are wanted, plain otherwise. Internal, for autograd/ops.
#pragma once

#include <array>
#include <type_traits>

#include "autograd/check.h"
#include "autograd/node.h"

namespace chainrule::detail {

/// What a pass keeps for one input of the node whose rule runs.
struct RuleSlot {
  static constexpr std::int64_t kWhole = -1;
  static constexpr std::uint32_t kNoEntry = 0xFFFFFFFF;

  Tensor gradient;                 // what the rule gave,
  double number = 0;               // or the same as a number
  std::int64_t offset = kWhole;    // where a slice's gradient begins
  std::uint32_t entry = kNoEntry;  // the pass's own
  bool wanted = false;
  bool has_number = false;
};

/// What a rule is handed: the node's inputs and result, the gradient that came in, and where to put those that go out.
class RuleContext {
 public:
  RuleContext(Node* node, const Tensor& grad_out, RuleSlot* slots) noexcept : node_(node), grad_out_(grad_out), slots_(slots) {}
  RuleContext(Node* node, double grad_number, RuleSlot* slots, const Tensor& none) noexcept
      : node_(node), grad_out_(none), slots_(slots), grad_number_(grad_number), on_numbers_(true) {}

  /// Whether the gradients in and out are single numbers: grad_number() and set_number() instead of grad_out() and set(). Only nodes with
  /// takes_numbers are asked so.
  bool on_numbers() const noexcept { return on_numbers_; }
  /// The gradient of the result: a value of its dtype.
  double grad_number() const noexcept { return grad_number_; }
  /// Sets the gradient of input i, a value of its dtype.
  void set_number(std::size_t i, double gradient) noexcept {
    slots_[i].number = gradient;
    slots_[i].has_number = true;
  }

  /// The gradient of the result.
  const Tensor& grad_out() const noexcept { return grad_out_; }
  /// Whether anybody wants the gradient of input i; what nobody wants need not be computed.
  bool needs(std::size_t i) const noexcept { return slots_[i].wanted; }
  /// Input i's shape, also where its value is gone.
  Shape input_shape(std::size_t i) const noexcept {
    Node* input = node_of(node_->inputs()[i]);
    return Shape(input->sizes(), input->rank);
  }
  DType input_dtype(std::size_t i) const noexcept { return node_of(node_->inputs()[i])->dtype; }
  std::size_t input_count() const noexcept { return node_->input_count; }
  /// Input i.
  /// @throws std::logic_error if it was changed in place after the op used it.
  const Tensor& input(std::size_t i) const;
  /// The result.
  /// @throws std::logic_error if it was changed in place.
  Tensor output() const;
  /// The result's only element.
  /// @throws std::logic_error if it was changed in place.
  template <class T>
  T output_value() const {
    check_output();
    return *node_->values<T>();
  }
  DType dtype() const noexcept { return node_->dtype; }
  /// Sets the gradient of input i.
  void set(std::size_t i, Tensor gradient) noexcept { slots_[i].gradient = std::move(gradient); }

  /// Sets the gradient of input i to zero but for the consecutive elements from `offset` on: many picks from one tensor then cost
  /// no more than what they picked.
  void set_slice(std::size_t i, std::int64_t offset, Tensor gradient) noexcept {
    slots_[i].gradient = std::move(gradient);
    slots_[i].offset = offset;
  }

  const char* op() const noexcept { return node_->op; }

 private:
  void check_output() const;

  Node* node_;
  const Tensor& grad_out_;
  RuleSlot* slots_;
  double grad_number_ = 0;
  bool on_numbers_ = false;
};

/// Whether an op over these inputs is to be recorded.
inline bool records(std::span<const Tensor* const> inputs) noexcept {
  if (!thread_context.grad_enabled) return false;
  for (const Tensor* input : inputs)
    if (node_of(*input)->requires_grad) return true;
  return false;
}

// Under DetectAnomaly: notes which op is at work and on what; checks its result; checks a gradient that a rule gave.
void note_anomaly_inputs_slow(const char* op, const SourceLine& line, std::span<const Tensor* const> inputs);
void check_result(const Tensor& result);
void check_gradient(Node* node, std::size_t input, const Tensor& gradient);

inline void note_anomaly_inputs(const char* op, const SourceLine& line, std::span<const Tensor* const> inputs) {
  if (thread_context.anomaly) [[unlikely]]
    note_anomaly_inputs_slow(op, line, inputs);
}

/// What an op returns once its values are written: DetectAnomaly looks at them here.
inline Tensor done(Tensor result) {
  if (thread_context.anomaly) [[unlikely]]
    check_result(result);
  return result;
}

/// A Tensor without history, its elements not yet written.
Tensor make_plain(DType dtype, Sizes shape);

struct OpTraits {
  bool broadcasts = false;
  bool recordable = true;  // false where the result is an integer or has no gradient
  bool takes_numbers = false;
};

/// The result of op `name`, to be handed to done() when its elements are written: recorded with `rule` when an input requires grad, its
/// elements not yet written. A rule is called as rule(RuleContext&), may capture plain values only, and is written in ops, so that it can
/// be differentiated again.
template <class Rule>
Tensor make_result(const char* name, const SourceLine& line, DType dtype, Sizes shape, std::span<const Tensor* const> inputs,
                   const Rule& rule, OpTraits traits = {}) {
  static_assert(std::is_trivially_copyable_v<Rule> && alignof(Rule) <= 16, "a rule captures plain values: Tensors would make cycles");
  NodePlan plan{dtype, shape};
  if (traits.recordable && records(inputs)) {
    plan.op = name;
    plan.line = &blame(line);
    plan.inputs = inputs;
    plan.invoke = [](const void* captures, RuleContext& context) { (*static_cast<const Rule*>(captures))(context); };
    plan.captures = &rule;
    plan.captures_size = std::is_empty_v<Rule> ? 0 : sizeof(Rule);
    plan.broadcasts = traits.broadcasts;
    plan.takes_numbers = traits.takes_numbers;
  }
  note_anomaly_inputs(name, line, inputs);
  return Node::handle(new_node(plan));
}

/// The same for a result that shares the storage of `base` from element `offset` on.
template <class Rule>
Tensor make_view(const char* name, const SourceLine& line, const Tensor& base, std::int64_t offset, const Shape& shape, const Rule& rule) {
  static_assert(std::is_trivially_copyable_v<Rule> && alignof(Rule) <= 16, "a rule captures plain values: Tensors would make cycles");
  const Tensor* inputs[] = {&base};
  NodePlan plan{node_of(base)->dtype, shape, node_of(base), offset};
  if (records(inputs)) {
    plan.op = name;
    plan.line = &blame(line);
    plan.inputs = inputs;
    plan.invoke = [](const void* captures, RuleContext& context) { (*static_cast<const Rule*>(captures))(context); };
    plan.captures = &rule;
    plan.captures_size = std::is_empty_v<Rule> ? 0 : sizeof(Rule);
  }
  return Node::handle(new_node(plan));
}

/// The node behind an argument.
/// @throws std::invalid_argument "undefined tensor".
inline Node* defined_node(const char* op, const Tensor& tensor, const SourceLine& line) {
  if (!tensor.defined()) [[unlikely]]
    throw_invalid(op, "undefined tensor", line);
  return node_of(tensor);
}

/// The same, and of a floating dtype.
/// @throws std::invalid_argument
Node* floating_node(const char* op, const Tensor& tensor, const SourceLine& line);

inline Shape shape_of(Node* node) noexcept { return Shape(node->sizes(), node->rank); }
inline Shape shape_of(const Tensor& tensor) noexcept { return shape_of(node_of(tensor)); }

template <class T>
const T* values(const Tensor& tensor) noexcept {
  return node_of(tensor)->values<T>();
}
template <class T>
T* mutable_values(const Tensor& tensor) noexcept {
  return node_of(tensor)->values<T>();
}

/// Calls f(T{}) with T = float or double.
template <class F>
decltype(auto) visit_floating(DType dtype, F&& f) {
  return dtype == DType::float32 ? f(float{}) : f(double{});
}

/// Calls f(T{}) with T = float, double or std::int64_t.
template <class F>
decltype(auto) visit_dtype(DType dtype, F&& f) {
  if (dtype == DType::int64) return f(std::int64_t{});
  return visit_floating(dtype, f);
}

/// Elements an elementwise loop gives to one thread at a time; less is not worth a fork.
inline constexpr std::int64_t kElementGrain = 32768;

}  // namespace chainrule::detail
