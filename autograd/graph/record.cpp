#include "autograd/graph/record.h"

#include <cmath>
#include <new>
#include <type_traits>

#include "autograd/base/check.h"
#include "autograd/graph/new_node.h"

namespace chainrule::detail {

void RuleContext::throw_input_changed(std::size_t i) const {
  const ForcedLine line(node_->line);
  throw_misuse(node_->op,
               text("input ", i, " (", describe(node_->inputs()[i]), ") was modified after it was used here and before backward; ",
                    "its old values are needed for the gradient: call backward first, or clone() it"),
               node_->line);
}

void RuleContext::throw_output_changed() const {
  const ForcedLine line(node_->line);
  throw_misuse(node_->op,
               "its result was modified before backward (through a tensor that shares its storage); its values are needed for the gradient",
               node_->line);
}

Tensor RuleContext::output() const {
  check_output();
  return Node::share(node_);
}

namespace {

// Returns make(), a new Tensor; its errors name the op and the line.
template <class Make>
[[gnu::always_inline]] inline Tensor naming_errors(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, Make make) {
  try {
    return make();
  } catch (const ShapeError& error) {
    throw_invalid(name, text("the result would have the shape ", Shape(shape.sizes, shape.rank), ": ", error.why()), line);
  } catch (const std::bad_alloc&) {
    throw_memory(name, dtype, Shape(shape.sizes, shape.rank), line);
  }
}

}  // namespace

Tensor new_result(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                  const RuleRef& rule, OpTraits traits) {
  return naming_errors(name, line, dtype, shape, [&] {
    if (!traits.recordable || !records(inputs)) return make_plain(dtype, shape);
    const NodePlan plan = recorded_plan(name, line, dtype, shape, inputs, rule, traits);
    return Node::handle(build_node(plan, static_cast<std::size_t>(shape.rank), inputs.size(), rule.captures_size));
  });
}

Tensor new_result(const char* name, const SourceLine& line, DType dtype, const Sizes& shape, std::span<const Tensor* const> inputs,
                  std::span<const Tensor> saved, const RuleRef& rule, OpTraits traits) {
  if (!traits.recordable || !records(inputs)) return make_plain(name, line, dtype, shape);
  // Saved results follow the inputs in the node, where versions tell whether they were changed.
  constexpr std::size_t kFew = 8;
  const Tensor* few[kFew];
  const std::size_t count = inputs.size() + saved.size();
  std::vector<const Tensor*> many(count > kFew ? count : 0);
  const Tensor** all = count > kFew ? many.data() : few;
  for (std::size_t i = 0; i < inputs.size(); ++i) all[i] = inputs[i];
  for (std::size_t i = 0; i < saved.size(); ++i) all[inputs.size() + i] = &saved[i];
  return naming_errors(name, line, dtype, shape, [&] {
    Node* node = new_node(recorded_plan(name, line, dtype, shape, std::span<const Tensor* const>(all, count), rule, traits));
    node->saved_count = static_cast<std::uint8_t>(saved.size());
    return Node::handle(node);
  });
}

Tensor make_view(const char* name, const SourceLine& line, const Tensor& base, std::int64_t offset, const Shape& shape,
                 const RuleRef& rule) {
  const Tensor* inputs[] = {&base};
  NodePlan plan{node_of(base)->dtype, shape};
  if (records(inputs)) plan = recorded_plan(name, line, plan.dtype, shape, inputs, rule, {});
  plan.view_of = node_of(base);
  plan.offset = offset;
  return naming_errors(name, line, plan.dtype, shape, [&] { return Node::handle(new_node(plan)); });
}

Tensor make_plain(const char* op, const SourceLine& line, DType dtype, const Sizes& shape) {
  return naming_errors(op, line, dtype, shape, [&] { return make_plain(dtype, shape); });
}

Tensor make_plain(DType dtype, const Sizes& shape) {
  constexpr std::integral_constant<std::size_t, 0> kNone;
  return Node::handle(build_node(NodePlan{dtype, shape}, static_cast<std::size_t>(shape.rank), kNone, kNone));
}

Node* floating_node(const char* op, const Tensor& tensor, const SourceLine& line) {
  Node* node = defined_node(op, tensor, line);
  if (!is_floating(node->dtype)) throw_invalid(op, text("got ", node->dtype, ", expected float32 or float64: convert with to()"), line);
  return node;
}

void check_number(const char* op, const char* what, const NumberArg& number, DType dtype, const SourceLine& line) {
  const double value = number.value();
  if (is_floating(dtype) || number.is_integer() || (std::trunc(value) == value && std::abs(value) <= 0x1p53)) return;
  const char* limit = std::abs(value) > 0x1p53 ? " up to 2^53" : "";
  throw_invalid(op, text(what, " is ", value, ", expected an integer", limit, " for an int64 tensor"), line);
}

}  // namespace chainrule::detail
