// Creates the results of ops: with a gradient rule if a gradient may be wanted, otherwise without history.
// Internal header: not installed.
#pragma once

#include <type_traits>

#include "autograd/base/check.h"
#include "autograd/graph/new_node.h"

namespace chainrule::detail {

/// The state of a backward pass for one input of the node whose rule is running.
struct RuleSlot {
  static constexpr std::int64_t kWhole = -1;
  static constexpr std::uint32_t kNoEntry = 0xFFFFFFFF;

  Tensor gradient;                 // set by the rule
  std::int64_t offset = kWhole;    // first element of the input to which a slice's gradient belongs
  std::uint32_t entry = kNoEntry;  // index of the input in the table of the pass
  bool wanted = false;             // the gradient is needed
};

/// The same for gradients that are numbers: a node with takes_scalars has at most two inputs.
struct RuleScalars {
  double grad_out;
  double gradients[2];  // set by the rule
  bool wanted[2];       // the gradient is needed
  bool given[2];        // the rule has set the gradient
};

/// The argument of a gradient rule: inputs and result of the op, the gradient of the result, and where to put the gradients of the inputs.
class RuleContext {
 public:
  RuleContext(Node* node, const Tensor& grad_out, RuleSlot* slots) noexcept : node_(node), grad_out_(grad_out), slots_(slots) {}
  RuleContext(Node* node, RuleScalars& scalars, const Tensor& none) noexcept : node_(node), grad_out_(none), scalars_(&scalars) {}

  /// Returns the gradients if this backward step works on single numbers, each rounded to the dtype of its Tensor; they then replace
  /// needs(), grad_out() and set(). Otherwise, and always for nodes without takes_scalars, returns null.
  RuleScalars* scalars() const noexcept { return scalars_; }

  /// Returns the gradient of the result.
  const Tensor& grad_out() const noexcept { return grad_out_; }
  /// Returns true if the gradient of input i is needed; otherwise the rule need not compute it.
  bool needs(std::size_t i) const noexcept { return slots_[i].wanted; }
  /// Returns the shape of input i; works even if its values were modified.
  Shape input_shape(std::size_t i) const noexcept {
    Node* input = node_of(node_->inputs()[i]);
    return Shape(input->sizes(), input->rank);
  }
  DType input_dtype(std::size_t i) const noexcept { return node_of(node_->inputs()[i])->dtype; }
  std::size_t input_count() const noexcept { return node_->input_count; }
  /// Returns input i.
  /// @throws std::logic_error if it was modified in place after the op used it.
  const Tensor& input(std::size_t i) const {
    const Tensor& input = node_->inputs()[i];
    if (node_of(input)->storage->version != node_->input_versions()[i]) [[unlikely]]
      throw_input_changed(i);
    return input;
  }
  /// Returns the result of the op.
  /// @throws std::logic_error if it was modified in place.
  Tensor output() const;
  /// Returns the only element of the result.
  /// @throws std::logic_error if it was modified in place.
  template <class T>
  T output_value() const {
    check_output();
    return *node_->values<T>();
  }
  DType dtype() const noexcept { return node_->dtype; }
  /// Sets the gradient of input i.
  void set(std::size_t i, Tensor gradient) noexcept { slots_[i].gradient = std::move(gradient); }

  /// Sets the gradient of input i to `gradient` for the consecutive elements from `offset` on, and to 0 elsewhere. The gradients of many
  /// slices of one Tensor then cost no more than the slices together.
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

/// Returns true if an op with these inputs must be recorded.
inline bool records(std::span<const Tensor* const> inputs) noexcept {
  if (!thread_context.grad_enabled) return false;
  for (const Tensor* input : inputs)
    if (node_of(*input)->requires_grad) return true;
  return false;
}

// For DetectAnomaly: store the op that is running and its inputs; check its result; check a gradient that a rule returned.
void note_anomaly_inputs_slow(const char* op, const SourceLine& line, std::span<const Tensor* const> inputs);
void check_result(const Tensor& result);
void check_gradient(Node* node, std::size_t input, const Tensor& gradient);

inline void note_anomaly_inputs(const char* op, const SourceLine& line, std::span<const Tensor* const> inputs) {
  if (thread_context.anomaly) [[unlikely]]
    note_anomaly_inputs_slow(op, line, inputs);
}

/// Ends an op: returns `result`, whose elements are written now, after the checks of DetectAnomaly.
inline Tensor done(Tensor result) {
  if (thread_context.anomaly) [[unlikely]]
    check_result(result);
  return result;
}

/// Returns a Tensor without history and with uninitialized elements.
Tensor make_plain(DType dtype, const Sizes& shape);

struct OpTraits {
  bool broadcasts = false;     // see Node
  bool recordable = true;      // false if the result is an integer or has no gradient
  bool takes_scalars = false;  // see Node
};

/// A reference to a gradient rule and the plain values it captured. It is valid as long as these; an op copies them into its node.
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

/// Returns the plan for the node of a recorded result.
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

/// Returns the result of op `name` with uninitialized elements; pass it to done() when they are written. It is recorded with `rule` if an
/// input requires grad. A rule is called as rule(RuleContext&) and may capture plain values only. It is written in terms of ops, so that it
/// can be differentiated again.
Tensor make_result(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                   const RuleRef& rule, OpTraits traits = {});

/// Same as make_result() for a result that shares the elements of `base` from `offset` on.
Tensor make_view(const char* name, const SourceLine& line, const Tensor& base, std::int64_t offset, const Shape& shape,
                 const RuleRef& rule);

/// Returns the node of a Tensor.
/// @throws std::invalid_argument if it is undefined.
inline Node* defined_node(const char* op, const Tensor& tensor, const SourceLine& line) {
  if (!tensor.defined()) [[unlikely]]
    throw_invalid(op, "undefined tensor", line);
  return node_of(tensor);
}

/// Returns the node of a Tensor of dtype float32 or float64.
/// @throws std::invalid_argument if it is undefined or int64.
Node* floating_node(const char* op, const Tensor& tensor, const SourceLine& line);

/// Elements per piece of an elementwise parallel loop; fewer are not worth a fork.
inline constexpr std::int64_t kElementGrain = 32768;

}  // namespace chainrule::detail
