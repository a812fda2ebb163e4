#include "autograd/derivatives/custom.h"

#include <set>

#include "autograd/base/random.h"
#include "autograd/derivatives/backward.h"
#include "autograd/derivatives/pass.h"
#include "autograd/graph/record.h"

namespace chainrule {

using namespace detail;

namespace {

// The rule of a custom op in the form that a node can own.
class UserRule : public OwnedRule {
 public:
  UserRule(std::string_view name, const CustomRule& rule) : name_(name), rule_(rule) {}

  const char* name() const noexcept { return name_.c_str(); }

  void run(RuleContext& context) const override {
    std::vector<Tensor> inputs;
    std::vector<char> wanted;
    for (std::size_t i = 0; i < context.input_count(); ++i) {
      inputs.push_back(context.input(i));
      wanted.push_back(context.needs(i) ? 1 : 0);
    }
    const Tensor output = context.output();
    std::vector<Tensor> gradients;
    {
      const UserCodeScope user;
      gradients = rule_(CustomCall{inputs, output, context.grad_out(), wanted});
    }
    if (gradients.size() != inputs.size())
      throw_misuse(name(), text("its gradient rule returned ", gradients.size(), " gradients for ", inputs.size(), " inputs"),
                   SourceLine::current());
    for (std::size_t i = 0; i < gradients.size(); ++i) context.set(i, std::move(gradients[i]));
  }

 private:
  std::string name_;
  CustomRule rule_;
};

// Returns `value` as the result of an op with this rule, or without history if nothing has to be recorded.
Tensor own_result(const Tensor& value, std::span<const Tensor* const> inputs, std::unique_ptr<UserRule> rule, const SourceLine& line) {
  NodePlan plan{node_of(value)->dtype, Sizes(node_of(value)), node_of(value)};
  UserRule* owned = rule.get();
  const auto* base = static_cast<OwnedRule*>(owned);
  if (is_floating(plan.dtype) && records(inputs)) {
    plan.op = owned->name();
    plan.line = &line_for_errors(line);
    plan.inputs = inputs;
    plan.invoke = [](const void* captures, RuleContext& context) { (*static_cast<OwnedRule* const*>(captures))->run(context); };
    plan.captures = &base;
    plan.captures_size = sizeof base;
    plan.owns_rule = true;
  }
  Node* node = new_node(plan);
  if (plan.owns_rule) rule.release();
  return Node::handle(node);
}

std::vector<const Tensor*> checked_inputs(const char* op, std::span<const Tensor> tensors, const SourceLine& line) {
  std::vector<const Tensor*> inputs;
  for (const Tensor& tensor : tensors) {
    defined_node(op, tensor, line);
    inputs.push_back(&tensor);
  }
  return inputs;
}

// Returns the leaves that require grad and that `result` was computed from other than through `inputs`.
std::vector<Tensor> leaves_beneath(const Tensor& result, std::span<const Tensor> inputs) {
  std::set<const Node*> seen;
  for (const Tensor& input : inputs) seen.insert(node_of(input));
  std::vector<Tensor> leaves;
  std::vector<Node*> work{node_of(result)};
  while (!work.empty()) {
    Node* node = work.back();
    work.pop_back();
    if (!node->requires_grad || !seen.insert(node).second) continue;
    if (!node->recorded) leaves.push_back(Node::share(node));
    for (std::uint32_t i = 0; i < node->input_count - node->saved_count; ++i)
      if (node->inputs()[i].defined()) work.push_back(node_of(node->inputs()[i]));  // else freed by a pass
  }
  return leaves;
}

}  // namespace

Tensor custom_op(std::string_view name, const TensorList& inputs, const CustomValue& value, const CustomRule& rule) {
  auto owned = std::make_unique<UserRule>(name, rule);
  const std::vector<const Tensor*> tensors = checked_inputs(owned->name(), inputs.tensors(), inputs.line());
  Tensor result;
  {
    const NoGrad none;
    const UserCodeScope user;
    result = value(inputs.tensors());
  }
  if (!result.defined()) throw_invalid(owned->name(), "its value function returned an undefined tensor", inputs.line());
  if (thread_context.anomaly) [[unlikely]]
    check_result(owned->name(), inputs.line(), tensors, result);
  return own_result(result, tensors, std::move(owned), inputs.line());
}

Tensor checkpoint(const TensorFunction& fn, const TensorList& inputs) {
  checked_inputs("checkpoint", inputs.tensors(), inputs.line());
  if (!fn.takes(inputs.size()))
    throw_invalid("checkpoint", text("got ", inputs.size(), " inputs, but the function takes ", fn.takes_text()), inputs.line());
  const Generator before = default_generator();
  Tensor value;
  std::vector<Tensor> leaves;
  {
    // Recorded to find the leaves that fn uses besides its inputs. The graph is freed at the end of this block.
    const std::vector<Tensor> results = fn(inputs.tensors());
    if (results.size() != 1 || !results[0].defined())
      throw_invalid("checkpoint", text("the function returned ", results.size(), " tensors, expected one"), inputs.line());
    const Tensor& result = results[0];
    value = result.detach();
    if (grad_enabled()) leaves = leaves_beneath(result, inputs.tensors());
  }
  const std::size_t own = inputs.size();
  std::vector<Tensor> all(inputs.tensors().begin(), inputs.tensors().end());
  all.insert(all.end(), leaves.begin(), leaves.end());
  const auto rule = [fn, before, own](const CustomCall& call) {
    struct RestoredGenerator {
      Generator kept = default_generator();
      ~RestoredGenerator() { default_generator() = kept; }
    } restored;
    default_generator() = before;
    const bool create_graph = grad_enabled();
    Tensor again;
    {
      const GradMode recorded(true);
      again = fn(call.inputs.first(own)).front();
    }
    std::vector<Tensor> wanted, gradients(call.inputs.size());
    for (std::size_t i = 0; i < call.inputs.size(); ++i)
      if (call.needs(i)) wanted.push_back(call.inputs[i]);
    const std::vector<Tensor> found = grad_up_to(again, call.grad_out, wanted, call.inputs.first(own), create_graph);
    for (std::size_t i = 0, next = 0; i < call.inputs.size(); ++i)
      if (call.needs(i)) gradients[i] = found[next++];
    return gradients;
  };
  const std::vector<const Tensor*> tensors = checked_inputs("checkpoint", all, inputs.line());
  return own_result(value, tensors, std::make_unique<UserRule>("checkpoint", rule), inputs.line());
}

}  // namespace chainrule
