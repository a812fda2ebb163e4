// Creates the results of ops: with a gradient rule if a gradient may be wanted, otherwise without history.
// Internal header: not installed.
#pragma once

#include <cstring>
#include <span>
#include <type_traits>

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "autograd/graph/new_node.h"

namespace chainrule::detail {

/// The state of a backward pass for one input of the node whose rule is running.
struct RuleSlot {
  static constexpr std::int64_t kWhole = -1;

  Tensor gradient;               // what the rule gave
  std::int64_t offset = kWhole;  // where a slice's gradient begins
  bool wanted = false;
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
  /// The same without a copy; valid as long as the input.
  Sizes input_sizes(std::size_t i) const noexcept { return Sizes(node_of(node_->inputs()[i])); }
  DType input_dtype(std::size_t i) const noexcept { return node_of(node_->inputs()[i])->dtype; }
  std::size_t input_count() const noexcept { return node_->input_count - node_->saved_count; }
  /// Input i.
  /// @throws std::logic_error if it was changed in place after the op used it.
  const Tensor& input(std::size_t i) const {
    const Tensor& input = node_->inputs()[i];
    if (node_of(input)->storage->version != node_->input_versions()[i]) [[unlikely]]
      throw_input_changed(i);
    return input;
  }
  /// Saved result i of the op, see make_results().
  /// @throws std::logic_error if it was changed in place since.
  const Tensor& saved(std::size_t i) const { return input(input_count() + i); }
  /// The values of an int64 input, such as indices.
  const std::int64_t* input_indices(std::size_t i) const { return node_of(input(i))->values<std::int64_t>(); }
  /// The result.
  /// @throws std::logic_error if it was changed in place.
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

  /// Whether the gradients will be differentiated themselves, so that the rule must compute them with ops; otherwise it may call kernels.
  static bool in_ops() noexcept { return thread_context.grad_enabled; }

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

/// A Tensor without history, its elements not yet written. Errors about its size name `op`.
Tensor make_plain(const char* op, const SourceLine& line, DType dtype, const Sizes& shape);
/// The same for a shape that fits into memory, such as that of an input.
Tensor make_plain(DType dtype, const Sizes& shape);

struct OpTraits {
  bool broadcasts = false;     // gradients are summed down to the inputs' shapes
  bool recordable = true;      // false where the result is an integer or has no gradient
  bool takes_scalars = false;  // the rule also runs on single numbers
};

/// A reference to a gradient rule and the plain values it captured. It is valid as long as these; an op copies them into its node.
struct RuleRef {
  template <class Rule>
  requires(!std::is_same_v<Rule, RuleRef>) RuleRef(const Rule& rule)
  noexcept
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
                              std::span<const Tensor* const> inputs, const RuleRef& rule, OpTraits traits) noexcept {
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

/// What the computing part of an op sees: the values of its inputs, and room for those of its results. It is handed Tensors afresh each
/// time it runs, so it keeps none.
class OpContext {
 public:
  OpContext(const char* name, const SourceLine& line, std::span<const Tensor* const> inputs, const Tensor& result,
            std::span<const Tensor> saved) noexcept
      : name_(name), line_(line), inputs_(inputs), result_(result), saved_(saved) {}

  const char* name() const noexcept { return name_; }
  std::size_t input_count() const noexcept { return inputs_.size(); }
  const Tensor& input(std::size_t i) const noexcept { return *inputs_[i]; }
  const Tensor& result() const noexcept { return result_; }
  const Tensor& saved(std::size_t i) const noexcept { return saved_[i]; }

  /// Refuses a value of an input, such as an index that is out of range.
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw_invalid(name_, text(parts...), line_);
  }

 private:
  const char* name_;
  const SourceLine& line_;
  std::span<const Tensor* const> inputs_;
  const Tensor& result_;
  std::span<const Tensor> saved_;
};

/// The same with values of type T.
template <class T>
class OpValues : public OpContext {
 public:
  explicit OpValues(const OpContext& context) noexcept : OpContext(context) {}

  const T* in(std::size_t i = 0) const noexcept { return detail::values<T>(input(i)); }
  const std::int64_t* indices(std::size_t i) const noexcept { return detail::values<std::int64_t>(input(i)); }
  T* out() const noexcept { return mutable_values<T>(result()); }
  template <class U>
  U* out_as() const noexcept {
    return mutable_values<U>(result());
  }
  template <class U = T>
  U* saved_values(std::size_t i) const noexcept {
    return mutable_values<U>(saved(i));
  }

  Shape in_shape(std::size_t i = 0) const noexcept { return shape_of(input(i)); }
  Shape out_shape() const noexcept { return shape_of(result()); }
  std::int64_t in_numel(std::size_t i = 0) const noexcept { return node_of(input(i))->numel; }
  std::int64_t out_numel() const noexcept { return node_of(result())->numel; }
};

/// Computing parts, from a lambda `[plain values]<class T>(const OpValues<T>& v) { ... }` for each type T that the op has: where dtypes
/// become types. `floating`: float or double, as the result is. `any_dtype`: int64 too. `by_width`: an unsigned integer as wide as the
/// result's elements. `floating_input`, `any_input`: by input 0, where the result has another dtype.
template <class F>
struct FloatingCompute {
  F f;
  void operator()(const OpContext& context) const {
    visit_floating(node_of(context.result())->dtype, [&]<class T>() { f(OpValues<T>(context)); });
  }
};
template <class F>
struct AnyDTypeCompute {
  F f;
  void operator()(const OpContext& context) const {
    visit_dtype(node_of(context.result())->dtype, [&]<class T>() { f(OpValues<T>(context)); });
  }
};
template <class F>
struct ByWidthCompute {
  F f;
  void operator()(const OpContext& context) const {
    visit_width(node_of(context.result())->dtype, [&]<class T>() { f(OpValues<T>(context)); });
  }
};
template <class F>
struct FloatingInputCompute {
  F f;
  void operator()(const OpContext& context) const {
    visit_floating(node_of(context.input(0))->dtype, [&]<class T>() { f(OpValues<T>(context)); });
  }
};
template <class F>
struct AnyInputCompute {
  F f;
  void operator()(const OpContext& context) const {
    visit_dtype(node_of(context.input(0))->dtype, [&]<class T>() { f(OpValues<T>(context)); });
  }
};
template <class F>
constexpr FloatingCompute<F> floating(F f) noexcept {
  return {f};
}
template <class F>
constexpr AnyDTypeCompute<F> any_dtype(F f) noexcept {
  return {f};
}
template <class F>
constexpr ByWidthCompute<F> by_width(F f) noexcept {
  return {f};
}
template <class F>
constexpr FloatingInputCompute<F> floating_input(F f) noexcept {
  return {f};
}
template <class F>
constexpr AnyInputCompute<F> any_input(F f) noexcept {
  return {f};
}

/// The computing part of an op whose value other ops compute: `f(context)` returns it, unrecorded, with the result's elements in order.
template <class F>
struct OpsCompute {
  F f;
  void operator()(const OpContext& context) const {
    Tensor value;
    {
      const GradMode unrecorded(false);
      value = f(context);
    }
    const Node* from = node_of(value);
    if (from->numel > 0)
      std::memcpy(node_of(context.result())->data, from->data, static_cast<std::size_t>(from->numel * dtype_size(from->dtype)));
  }
};
template <class F>
constexpr OpsCompute<F> by_ops(F f) noexcept {
  return {f};
}

/// A rule for ops whose result carries no gradient: they are never recorded.
struct NoRule {
  void operator()(auto&) const {}
};
inline constexpr NoRule kNoRule;

/// A result whose elements are not yet written: recorded with `rule` where an input requires grad, else without history.
Tensor new_result(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                  const RuleRef& rule, OpTraits traits);
/// The same where the node keeps further results.
Tensor new_result(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                  std::span<const Tensor> saved, const RuleRef& rule, OpTraits traits);

/// Under DetectAnomaly: refuses a result with an element that is not finite; a gradient that a rule gave.
void check_result(const char* op, const SourceLine& line, std::span<const Tensor* const> inputs, const Tensor& result);
void check_gradient(Node* node, std::size_t input, const Tensor& gradient);

/// Calls the computing part and lets DetectAnomaly see the result. Nothing else touches a result once it is written.
template <class Compute>
void run_compute(const char* name, const SourceLine& line, std::span<const Tensor* const> inputs, const Tensor& result,
                 std::span<const Tensor> saved, const Compute& compute) {
  static_assert(std::is_trivially_copyable_v<Compute>,
                "the computing part of an op captures plain values: it runs again on other Tensors, which its context hands to it");
  compute(OpContext(name, line, inputs, result, saved));
  if (thread_context.anomaly) [[unlikely]]
    check_result(name, line, inputs, result);
}

/// An op: what it is called and the user's line; the dtype and shape of its result; its inputs; how it computes; and its rule.
///
/// Checks of dtypes and shapes come before it. `compute(const OpContext&)` writes the result and does the checks of values (indices,
/// labels), since it may run again on other values; it captures plain values only, see floating() and its like. `rule(RuleContext&)`
/// gives the gradients of the inputs; it captures plain values only and is written in ops, so that it can be differentiated again.
template <class Compute, class Rule>
Tensor make_result(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                   const Compute& compute, const Rule& rule, OpTraits traits = {}) {
  if constexpr (std::is_same_v<Rule, NoRule>) traits.recordable = false;
  const Tensor result = new_result(name, line, dtype, shape, inputs, rule, traits);
  run_compute(name, line, inputs, result, {}, compute);
  return result;
}

/// An op with further results, made by make_plain() and written by the computing part: what the op returns beside its result, or what its
/// rule needs again. The node keeps them; see RuleContext::saved().
template <class Compute, class Rule>
Tensor make_results(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                    std::span<const Tensor> saved, const Compute& compute, const Rule& rule, OpTraits traits = {}) {
  if constexpr (std::is_same_v<Rule, NoRule>) traits.recordable = false;
  const Tensor result = new_result(name, line, dtype, shape, inputs, saved, rule, traits);
  run_compute(name, line, inputs, result, saved, compute);
  return result;
}

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

/// Checks that a number, such as "the value", can become an element of a Tensor without losing digits silently.
/// @throws std::invalid_argument for int64, unless the number is an integer and, if it was given as a floating number, at most ±2^53.
void check_number(const char* op, const char* what, const NumberArg& number, DType dtype, const SourceLine& line);

/// Returns a number that check_number() has accepted as an element of a Tensor.
template <class T>
T element_of(const NumberArg& number) noexcept {
  if constexpr (std::is_integral_v<T>)
    if (number.is_integer()) return number.integer();
  return static_cast<T>(number.value());
}

/// Elements per piece of an elementwise parallel loop; fewer are not worth a fork.
inline constexpr std::int64_t kElementGrain = 32768;

}  // namespace chainrule::detail
