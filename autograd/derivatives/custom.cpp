#include "autograd/derivatives/custom.h"

#include <cstring>

#include "autograd/base/default_dtype.h"
#include "autograd/base/draw_log.h"
#include "autograd/derivatives/backward.h"
#include "autograd/derivatives/differentiated.h"
#include "autograd/derivatives/pass.h"
#include "autograd/graph/checkpoint_run.h"
#include "autograd/graph/record.h"
#include "autograd/parallel/float_mode.h"

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
      std::vector<Tensor> differentiated;
      if (RuleContext::in_ops()) {
        differentiated = inputs;
        differentiated.push_back(context.grad_out());
      }
      const DifferentiatedScope scope(differentiated);
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
std::vector<Tensor> leaves_in_history(const Tensor& result, std::span<const Tensor> inputs) {
  std::vector<Tensor> leaves;
  visit_history(result, inputs, [&](Node* node) {
    if (!node->recorded) leaves.push_back(Node::share(node));
    return true;
  });
  return leaves;
}

// The state of a thread, besides its random numbers, that the result of a function depends on.
struct Settings {
  DType dtype = dtype_in_force;
  bool evaluates = thread_context.evaluates;
  kernels::FloatMode float_mode = kernels::FloatMode::current();
};

class SettingsScope {
 public:
  explicit SettingsScope(const Settings& settings) noexcept : float_mode_(settings.float_mode) { set(settings); }
  ~SettingsScope() { set(before_); }
  SettingsScope(const SettingsScope&) = delete;
  SettingsScope& operator=(const SettingsScope&) = delete;

 private:
  static void set(const Settings& settings) noexcept {
    dtype_in_force = settings.dtype;
    thread_context.evaluates = settings.evaluates;
  }

  const Settings before_;
  const kernels::FloatModeScope float_mode_;
};

// A function given to checkpoint(), and what its first run did that the second has to repeat or must not do again.
class CheckpointedFunction {
 public:
  explicit CheckpointedFunction(const TensorFunction& fn) : fn_(fn) {}

  // Runs the function for the first time. Returns its value without history, and the other leaves that it depends on.
  Tensor run(const TensorList& inputs, std::vector<Tensor>& leaves) {
    DrawLog* const outer = thread_context.draw_log;
    DrawLog draws;
    CheckpointRun run;
    Tensor value;
    {
      // Recorded to find the leaves that the function uses besides its inputs. The graph is freed at the end of this block.
      const DifferentiatedScope scope(grad_enabled() ? inputs.tensors() : std::span<const Tensor>());
      const TensorFunction copy = fn_;
      const std::vector<Tensor> results = copy(inputs.tensors());
      if (results.size() != 1 || !results[0].defined())
        throw_invalid("checkpoint", text("the function returned ", results.size(), " tensors, expected one"), inputs.line());
      value = results[0].detach();
      if (grad_enabled()) leaves = leaves_in_history(results[0], inputs.tensors());
    }
    draws_ = draws.take();
    if (outer != nullptr) outer->note(draws_);
    written_ = run.take_written();
    return value;
  }

  // Runs the function again, recorded.
  Tensor run_again(std::span<const Tensor> inputs, const Tensor& value) const {
    for (const Draw& draw : draws_)
      if (!draw.is_alive())
        throw_misuse("checkpoint",
                     "the function cannot run again for the gradient: a Generator that it drew from no longer exists; keep it until the "
                     "backward pass has ended",
                     SourceLine::current());
    const DrawsAgain draws(draws_);
    const CheckpointRun run(written_);
    const SettingsScope settings(settings_);
    const GradMode recorded(true);
    const DifferentiatedScope scope(inputs);
    const TensorFunction copy = fn_;
    const std::vector<Tensor> results = copy(inputs);
    if (results.size() != 1 || !results[0].defined() || !same_bits(node_of(results[0]), node_of(value)))
      throw_misuse(
          "checkpoint",
          "the function gave another result when it ran again for the gradient, expected the same bits as in the first run: it must "
          "not depend on anything that changes between the runs",
          SourceLine::current());
    return results[0];
  }

 private:
  static bool same_bits(const Node* a, const Node* b) noexcept {
    return a->dtype == b->dtype && Sizes(a) == Sizes(b) &&
           (a->numel == 0 || std::memcmp(a->data, b->data, static_cast<std::size_t>(a->numel * dtype_size(a->dtype))) == 0);
  }

  TensorFunction fn_;  // never called: a function object that changes itself starts each run in the same state
  Settings settings_;
  std::vector<Draw> draws_;
  std::vector<Tensor> written_;
};

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
  CheckpointedFunction function(fn);
  std::vector<Tensor> leaves;
  const Tensor value = function.run(inputs, leaves);
  const std::size_t own = inputs.size();
  std::vector<Tensor> all(inputs.tensors().begin(), inputs.tensors().end());
  all.insert(all.end(), leaves.begin(), leaves.end());
  const auto rule = [function = std::move(function), own](const CustomCall& call) {
    const bool create_graph = grad_enabled();
    const Tensor again = function.run_again(call.inputs.first(own), call.output);
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

bool recomputing() noexcept { return CheckpointRun::recomputing(); }

}  // namespace chainrule
