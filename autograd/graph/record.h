// How an op makes its result: with its rule when gradients are wanted, plain otherwise.
// Internal header: not installed.
#pragma once

#include <type_traits>

#include "autograd/base/check.h"
#include "autograd/graph/new_node.h"

namespace chainrule::detail {

/// What a pass keeps for one input of the node whose rule runs.
struct RuleSlot {
  static constexpr std::int64_t kWhole = -1;
  static constexpr std::uint32_t kNoEntry = 0xFFFFFFFF;

  Tensor gradient;                 // what the rule gave
  std::int64_t offset = kWhole;    // where a slice's gradient begins
  std::uint32_t entry = kNoEntry;  // the pass's own
  bool wanted = false;
};

/// The same where gradients are numbers: those of the two inputs at most that a node with takes_scalars has.
struct RuleScalars {
  double grad_out;
  double gradients[2];  // what the rule gave
  bool wanted[2];
  bool given[2];
};

/// What a rule is handed: the node's inputs and result, the gradient that came in, and where to put those that go out.
class RuleContext {
 public:
  RuleContext(Node* node, const Tensor& grad_out, RuleSlot* slots) noexcept : node_(node), grad_out_(grad_out), slots_(slots) {}
  RuleContext(Node* node, RuleScalars& scalars, const Tensor& none) noexcept : node_(node), grad_out_(none), scalars_(&scalars) {}

  /// Where the gradients in and out are single numbers, each a value of its Tensor's dtype: those numbers, in place of needs(), grad_out()
  /// and set(). Null otherwise, and for nodes without takes_scalars.
  RuleScalars* scalars() const noexcept { return scalars_; }

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
  const Tensor& input(std::size_t i) const {
    const Tensor& input = node_->inputs()[i];
    if (node_of(input)->storage->version != node_->input_versions()[i]) [[unlikely]]
      throw_input_changed(i);
    return input;
  }
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
  void check_output() const {
    if (node_->storage->version != node_->output_version) [[unlikely]]
      throw_output_changed();
  }
  [[noreturn]] void throw_input_changed(std::size_t i) const;
  [[noreturn]] void throw_output_changed() const;

  Node* node_;
  const Tensor& grad_out_;
  RuleSlot* slots_ = nullptr;
  RuleScalars* scalars_ = nullptr;
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
Tensor make_plain(DType dtype, const Sizes& shape);

struct OpTraits {
  bool broadcasts = false;
  bool recordable = true;  // false where the result is an integer or has no gradient
  bool takes_scalars = false;
};

/// A rule, and the plain values it captured. Only as long-lived as those: an op copies them into its node.
struct RuleRef {
  template <class Rule>
  RuleRef(const Rule& rule) noexcept
      : invoke([](const void* values, RuleContext& context) { (*static_cast<const Rule*>(values))(context); }),
        captures(&rule),
        captures_size(std::is_empty_v<Rule> ? 0 : sizeof(Rule)) {
    static_assert(std::is_trivially_copyable_v<Rule> && alignof(Rule) <= 16, "a rule captures plain values: Tensors would make cycles");
  }
  RuleRef(Node::Invoke function, const void* values, std::size_t size) noexcept : invoke(function), captures(values), captures_size(size) {}

  Node::Invoke invoke;
  const void* captures;
  std::size_t captures_size;
};

/// What a result is made of whose op is recorded with this rule.
inline NodePlan recorded_plan(const char* name, const SourceLine& line, DType dtype, const Sizes& shape,
                              std::span<const Tensor* const> inputs, const RuleRef& rule, OpTraits traits = {}) noexcept {
  return {.dtype = dtype,
          .shape = shape,
          .op = name,
          .line = &line_for_errors(line),
          .inputs = inputs,
          .invoke = rule.invoke,
          .captures = rule.captures,
          .captures_size = rule.captures_size,
          .broadcasts = traits.broadcasts,
          .takes_scalars = traits.takes_scalars};
}

/// The result of op `name`, to be handed to done() when its elements are written: recorded with `rule` when an input requires grad, its
/// elements not yet written. A rule is called as rule(RuleContext&), may capture plain values only, and is written in ops, so that it can
/// be differentiated again.
Tensor make_result(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                   const RuleRef& rule, OpTraits traits = {});

/// The same for a result that shares the storage of `base` from element `offset` on.
Tensor make_view(const char* name, const SourceLine& line, const Tensor& base, std::int64_t offset, const Shape& shape,
                 const RuleRef& rule);

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

/// Elements an elementwise loop gives to one thread at a time; less is not worth a fork.
inline constexpr std::int64_t kElementGrain = 32768;

}  // namespace chainrule::detail
