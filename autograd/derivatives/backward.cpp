#include "autograd/derivatives/backward.h"

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autograd/base/check.h"
#include "autograd/derivatives/pass.h"
#include "autograd/derivatives/pass_numbers.h"
#include "autograd/derivatives/pass_table.h"
#include "autograd/graph/node.h"
#include "autograd/graph/record.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/update.h"

namespace chainrule {
namespace detail {
namespace {

// One backward pass. The gradient of a node goes from there to the inputs like this: run() takes a node whose gradient is complete,
// run_rule() calls its rule, send() adds each gradient that the rule gave to the sum of an input (GradientSum), and an input that all of
// its uses have sent to is run next; deliver() adds the sums of leaves to their grad().
class Pass {
 public:
  Pass(const char* op, const SourceLine& line, bool retain_graph, bool create_graph)
      : op_(op),
        line_(line),
        retain_graph_(retain_graph),
        create_graph_(create_graph),
        uses_scalars_(!create_graph && !thread_context.anomaly),
        number_(next_pass_number()),
        caller_(line),
        recording_(grad_enabled()),
        grad_mode_(create_graph) {}

  // Gives an output its gradient: 1 if `gradient` is undefined.
  void seed(const Tensor& output, const Tensor& gradient) {
    Node* node = defined_node(op_, output, line_);
    if (!node->requires_grad)
      throw_invalid(
          op_,
          text("the tensor is ", describe(output), " and does not depend on any tensor that requires grad",
               recording_ ? ""
                          : "; ops are not recorded here: a NoGrad, the value function of a custom op and a backward pass with its "
                            "rules and hooks turn recording off, and an EnableGrad around the computation turns it on"),
          line_);
    if (!gradient.defined()) {
      if (node->numel != 1)
        throw_invalid(op_, text("the output has shape ", shape_of(node), "; an output that is not a single element needs a gradient"),
                      line_);
      GradientSum& sum = table_[table_.enter(node)].sum;
      if (uses_scalars_) {
        sum.add(node, 1.0);
      } else {
        sum.add(node, full(shape_of(node), 1.0, node->dtype), create_graph_);
      }
      return;
    }
    if (shape_of(gradient) != shape_of(node) || node_of(gradient)->dtype != node->dtype)
      throw_invalid(op_,
                    text("the starting gradient is ", node_of(gradient)->dtype, shape_of(gradient), ", expected ", node->dtype,
                         shape_of(node), " like the output"),
                    line_);
    table_[table_.enter(node)].sum.add(node, gradient, create_graph_);
  }

  // Enters every node that the outputs depend on, and counts how often each is used.
  void explore() {
    seeds_ = table_.size();
    for (std::uint32_t next = 0; next < table_.size(); ++next) {
      PassEntry& entry = table_[next];
      Node* node = node_of(entry.tensor);
      if (!node->recorded || entry.bottom) continue;
      if (node->spent) throw_spent(node, entry.outer_mark);
      table_.enter_inputs(entry, node);
    }
  }

  // Runs the rule of every node once, after the rules of all nodes that use its result.
  void run() {
    auto& ready = table_.ready();
    for (std::uint32_t at = seeds_; at-- > 0;)  // entries made after the seeds have uses
      if (table_[at].uses == 0) ready.push_back(at);
    while (!ready.empty()) {
      const std::uint32_t at = ready.back();
      ready.pop_back();
      if (at + kAhead < table_.size()) fetch_ahead(table_[at + kAhead]);
      PassEntry& entry = table_[at];
      if (!goes_on(entry)) {  // a leaf, or where the pass ends: no rule; deliver() or take() has its sum
        entry.sum.join_slices(node_of(entry.tensor));
        if (!entry.bottom && !partial_) run_hooks(at);
      } else if (is_plain_scalar(entry)) {
        run_plain_scalar_rule(entry);
      } else {
        run_rule(at);
      }
    }
  }

 private:
  // Whether the pass goes on from an entry to what it was computed from.
  static bool goes_on(const PassEntry& entry) noexcept { return node_of(entry.tensor)->recorded && !entry.bottom; }

  // Runs the rule of an entry whose gradient is complete, and sends the inputs their gradients.
  [[gnu::noinline]] void run_rule(std::uint32_t at) {
    PassEntry& entry = table_[at];  // entries do not move while a pass runs
    const Tensor tensor = complete(at);
    Node* node = node_of(tensor);
    choose_form(node, entry.sum);
    bool ran = entry.wanted;
    if (entry.sum.is_scalar() && entry.wanted) {
      if (!stays(entry)) entry.sum.drop_scalar();
      run_scalar_rule(node, entry.sum.scalar(), table_.inputs_of(entry));
    } else {
      ran = run_tensor_rule(node, entry);
    }
    if (ran && !retain_graph_) free_graph(node);
  }

  // Shows the complete gradient of an entry to hooks, and notes whether it stays until the end of the pass. Returns the entry's tensor,
  // which keeps its node alive.
  Tensor complete(std::uint32_t at) {
    PassEntry& entry = table_[at];
    Node* node = node_of(entry.tensor);
    entry.sum.join_slices(node);
    run_hooks(at);
    if (node->spent) throw_spent(node, node->mark);  // by a pass inside a hook
    if (entry.keep || node->retains_grad) {
      table_.ends().push_back(at);
      return entry.tensor;
    }
    entry.give_back_mark();
    return std::move(entry.tensor);
  }
  static bool stays(const PassEntry& entry) noexcept { return entry.tensor.defined(); }

  // Runs a rule on Tensors and sends what it gives. Returns false if there was no gradient to run it on.
  bool run_tensor_rule(Node* node, PassEntry& entry) {
    Tensor grad_out = stays(entry) ? entry.sum.kept_tensor() : entry.sum.take_tensor();
    if (!stays(entry)) entry.sum.drop_scalar();
    const bool flows = grad_out.defined() && entry.wanted;
    const ForcedLine line(node->line);

    constexpr std::uint32_t kFew = 3;  // inputs whose slots lie on the stack
    const std::uint32_t count = node->input_count;
    RuleSlot few[kFew];
    std::vector<RuleSlot> many(count > kFew ? count : 0);
    const std::span<RuleSlot> slots(count > kFew ? many.data() : few, count);
    const std::uint32_t* inputs = table_.inputs_of(entry);
    for (std::uint32_t i = 0; i < count; ++i) slots[i].wanted = flows && inputs[i] != PassTable::kNoEntry && table_[inputs[i]].wanted;
    if (flows) {
      RuleContext context(node, grad_out, slots.data());
      node->invoke(node->captures(), context);
      grad_out = Tensor();
      if (node->spent) throw_spent(node, node->mark);  // by a pass inside the rule
      if (thread_context.anomaly) [[unlikely]] {
        for (std::uint32_t i = 0; i < count; ++i)
          if (slots[i].wanted && slots[i].gradient.defined()) check_gradient(node, i, slots[i].gradient);
      }
    }
    for (std::uint32_t i = 0; i < count; ++i)
      if (inputs[i] != PassTable::kNoEntry) send(node, i, slots[i], inputs[i]);
    return flows;
  }

  // Adds the gradient that a rule gave for input i of its node to the sum of that input.
  void send(Node* node, std::uint32_t i, RuleSlot& slot, std::uint32_t to) {
    PassEntry& input = table_[to];
    if (slot.wanted && slot.gradient.defined()) {
      const Node* receiver = node_of(input.tensor);
      if (slot.offset == RuleSlot::kWhole) {
        input.sum.add(receiver, checked(node, i, std::move(slot.gradient)), create_graph_);
      } else {
        input.sum.add_slice(receiver, slot.offset, std::move(slot.gradient), create_graph_);
      }
    }
    count_use(input, to);
  }

  void count_use(PassEntry& input, std::uint32_t at) {
    if (--input.uses == 0) table_.ready().push_back(at);
  }

  // The gradient for input i as it may be added up: of the input's dtype and shape.
  Tensor checked(Node* node, std::uint32_t i, Tensor gradient) const {
    const Node *input = node_of(node->inputs()[i]), *own = node_of(gradient);
    if (own->dtype == input->dtype && Sizes(own) == Sizes(input)) return gradient;
    if (own->dtype != input->dtype)
      throw_misuse(node->op, text("its gradient rule returned a ", own->dtype, " gradient for input ", i, ", expected ", input->dtype),
                   node->line);
    if (node->broadcasts) return sum_to(gradient, shape_of(input));
    throw_misuse(node->op,
                 text("its gradient rule returned a gradient of shape ", shape_of(own), " for input ", i, ", expected ", shape_of(input)),
                 node->line);
  }

 public:
  // Adds the gradients of leaves, and of results that retain theirs, to their grad().
  void deliver() {
    for (const std::uint32_t at : table_.ends()) {
      PassEntry& entry = table_[at];
      if (entry.sum.empty()) continue;
      Node* node = node_of(entry.tensor);
      Tensor& kept = node->extra().grad;
      if (entry.sum.is_scalar() && kept.defined() && is_unshared(kept)) {
        GradientSum::add_in_place(kept, entry.sum.scalar());
        continue;
      }
      entry.sum.tensor(node);
      Tensor gradient = entry.sum.take_tensor();
      if (!kept.defined()) {
        kept = is_unshared(gradient) ? std::move(gradient) : gradient.clone();
      } else if (is_unshared(kept)) {
        add_in_place(kept, gradient);
      } else {
        kept = kept + gradient;
      }
    }
  }

  // Calls work(), and remembers what it throws for an error that a later pass over the same graph gives.
  template <class Work>
  void guarded(Work work) const {
    try {
      work();
    } catch (const std::exception& error) {
      FailedPasses::note(number_, error.what());
      throw;
    } catch (...) {
      FailedPasses::note(number_, "an exception of another kind than std::exception");
      throw;
    }
  }

  // For grad() only.

  // Makes the pass end at a tensor: what it was computed from takes no part.
  void stop_at(const Tensor& tensor) {
    Node* node = node_of(tensor);
    if (node->requires_grad) table_[table_.enter(node)].bottom = true;
    partial_ = true;
  }

  // Restricts the pass to the paths that lead to these inputs, whose gradients are its results. Returns the entry of each, kNoEntry for one
  // that no output depends on.
  std::vector<std::uint32_t> restrict_to(std::span<const Tensor> inputs, bool allow_unused) {
    std::vector<std::uint32_t> found;
    for (PassEntry& entry : table_.entries()) entry.wanted = false;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Node* node = defined_node(op_, inputs[i], line_);
      if (!node->requires_grad) throw_invalid(op_, text("input ", i, " (", describe(inputs[i]), ") does not require grad"), line_);
      const std::uint32_t at = table_.find(node);
      found.push_back(at);
      if (at != PassTable::kNoEntry) {
        table_[at].wanted = table_[at].keep = true;
      } else if (!allow_unused) {
        throw_invalid(
            op_, text("input ", i, " (", describe(inputs[i]), ") was not used to compute the output; set allow_unused if this is intended"),
            line_);
      }
    }
    const std::vector<std::uint32_t> order = topological_order();
    for (std::size_t next = order.size(); next-- > 0;) {
      PassEntry& entry = table_[order[next]];
      if (!goes_on(entry) || entry.wanted) continue;
      table_.for_each_input(entry, [&](std::uint32_t at) { entry.wanted = entry.wanted || table_[at].wanted; });
    }
    return found;
  }

  // Returns the gradient of an entry, in memory that no other result shares.
  Tensor take(std::uint32_t at) {
    if (at == PassTable::kNoEntry) return Tensor();
    PassEntry& entry = table_[at];
    const Node* node = node_of(entry.tensor);
    entry.sum.join_slices(node);
    const Tensor& gradient = entry.sum.tensor(node);
    if (!gradient.defined()) return partial_ ? Tensor() : zeros(shape_of(node), node->dtype);
    return create_graph_ || is_unshared(gradient) ? gradient : gradient.clone();
  }

 private:
  // The entries in an order in which each comes before its inputs. They were entered in another one: counts uses down on a copy.
  std::vector<std::uint32_t> topological_order() {
    std::vector<std::uint32_t> order, uses;
    uses.reserve(table_.size());
    for (std::uint32_t at = 0; at < table_.size(); ++at) {
      uses.push_back(table_[at].uses);
      if (uses.back() == 0) order.push_back(at);
    }
    for (std::size_t next = 0; next < order.size(); ++next) {
      const PassEntry& entry = table_[order[next]];
      if (!goes_on(entry)) continue;
      table_.for_each_input(entry, [&](std::uint32_t at) {
        if (--uses[at] == 0) order.push_back(at);
      });
    }
    return order;
  }

  // Hooks.

  // Shows a complete gradient to the tensor's hooks, which may replace it.
  void run_hooks(std::uint32_t at) {
    const Node* node = node_of(table_[at].tensor);
    if (node->extras != nullptr && !node->extras->hooks.empty() && table_[at].wanted) call_hooks(at);
  }

  void call_hooks(std::uint32_t at) {
    GradientSum& sum = table_[at].sum;
    const Tensor tensor = table_[at].tensor;
    Node* node = node_of(tensor);
    sum.tensor(node);
    const std::vector<Hook> hooks = node->extras->hooks;  // a hook may remove itself
    for (const Hook& hook : hooks) {
      Tensor gradient = sum.kept_tensor();
      if (!gradient.defined()) return;
      Tensor replaced;
      {
        const UserCodeScope user;
        replaced = hook.call(gradient);
      }
      if (!replaced.defined()) continue;
      if (shape_of(replaced) != shape_of(node) || node_of(replaced)->dtype != node->dtype)
        throw_misuse("on_grad",
                     text("a hook returned a gradient of ", node_of(replaced)->dtype, shape_of(replaced), ", expected ", node->dtype,
                          shape_of(node)),
                     line_);
      sum.set(std::move(replaced));
    }
  }

  // Gradients that are single numbers: the same as above, without Tensors.

  // Whether an entry is a number whose rule takes numbers, and nothing else is to be done for it.
  static bool is_plain_scalar(const PassEntry& entry) {
    const Node* node = node_of(entry.tensor);
    return entry.sum.is_scalar() && entry.wanted && !entry.keep && node->takes_scalars && !node->retains_grad && node->extras == nullptr &&
           !node->spent;
  }

  // What run_rule() does, for such an entry.
  void run_plain_scalar_rule(PassEntry& entry) {
    const Tensor tensor = std::move(entry.tensor);
    Node* node = node_of(tensor);
    node->mark = entry.outer_mark;
    entry.sum.drop_scalar();
    run_scalar_rule(node, entry.sum.scalar(), table_.inputs_of(entry));
    if (!retain_graph_ && !is_last_handle(node)) free_graph(node);
  }

  // Runs a rule on numbers and sends what it gives.
  [[gnu::always_inline]] void run_scalar_rule(Node* node, double grad_out, const std::uint32_t* inputs) {
    RuleScalars scalars;
    scalars.grad_out = grad_out;
    const std::uint32_t count = node->input_count;
    for (std::uint32_t i = 0; i < count; ++i) {
      scalars.wanted[i] = inputs[i] != PassTable::kNoEntry && table_[inputs[i]].wanted;
      scalars.given[i] = false;
    }
    RuleContext context(node, scalars, undefined_);
    node->invoke(node->captures(), context);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (inputs[i] == PassTable::kNoEntry) continue;
      PassEntry& input = table_[inputs[i]];
      if (scalars.given[i]) input.sum.add(node_of(input.tensor), scalars.gradients[i]);
      count_use(input, inputs[i]);
    }
  }

  // Makes the sum a Tensor for a rule that takes Tensors, and a number for one that takes numbers.
  void choose_form(const Node* node, GradientSum& sum) const {
    if (sum.is_scalar()) {
      if (!node->takes_scalars) sum.tensor(node);
    } else if (node->takes_scalars && uses_scalars_ && sum.kept_tensor().defined()) {
      sum.set(visit_floating(node->dtype, [&]<class T>() -> double { return *values<T>(sum.kept_tensor()); }));
    }
  }

  // Memory.

  // Prefetches a node that will probably run soon: rules run roughly in the order in which nodes were entered.
  [[gnu::always_inline]] static void fetch_ahead(const PassEntry& entry) noexcept {
    if (!entry.tensor.defined()) return;
    const auto* bytes = reinterpret_cast<const std::byte*>(node_of(entry.tensor));
    for (std::size_t line = 0; line < sizeof(Node) + 64; line += 64) __builtin_prefetch(bytes + line, 1);
  }

  // Releases a node's inputs. The values they had may be gone afterwards, so the node cannot be differentiated again; its mark tells which
  // pass did this.
  void free_graph(Node* node) const noexcept {
    node->spent = true;
    node->mark = number_;
    for (std::uint32_t i = 0; i < node->input_count; ++i) node->inputs()[i] = Tensor();
  }

  // `pass` is the number of the pass that freed the node's inputs.
  [[noreturn]] void throw_spent(Node* node, std::uint32_t pass) const {
    const std::string which = describe(Node::share(node));
    if (const std::optional<std::string> failure = FailedPasses::find(pass))
      throw_misuse(op_,
                   text("the graph cannot be used again: ", which, " was freed by a pass that then failed with \"", *failure,
                        "\"; compute the result again, or set retain_graph in a pass that may fail"),
                   line_);
    throw_misuse(op_,
                 text("backward through the graph a second time: the inputs of ", which,
                      " were freed by the first pass; set retain_graph in the first pass, or detach() tensors computed before the loop"),
                 line_);
  }

  static constexpr std::uint32_t kAhead = 4;

  const char* op_;
  const SourceLine& line_;
  const bool retain_graph_, create_graph_;
  const bool uses_scalars_;  // gradients of single elements are kept as numbers: nothing is recorded and nobody watches them
  bool partial_ = false;     // inside another pass, which shows the leaves' gradients to their hooks
  const std::uint32_t number_;
  std::uint32_t seeds_ = 0;  // entries that there were before explore()
  const Tensor undefined_;
  CallerScope caller_;
  const bool recording_;  // before the pass
  GradMode grad_mode_;
  PassTable table_;
};

}  // namespace
}  // namespace detail

using namespace detail;

void Tensor::backward(SourceLine line) const { backward(BackwardOptions{}, line); }

void Tensor::backward(const BackwardOptions& options, SourceLine line) const {
  Pass pass("backward", line, options.retain_graph, false);
  pass.seed(*this, options.gradient);
  pass.explore();
  pass.guarded([&] {
    pass.run();
    pass.deliver();
  });
}

std::vector<Tensor> grad(const TensorList& outputs, const TensorList& inputs, const GradOptions& options) {
  if (!options.grad_outputs.empty() && options.grad_outputs.size() != outputs.size())
    throw_invalid("grad", text("got ", options.grad_outputs.size(), " grad_outputs for ", outputs.size(), " outputs"), outputs.line());
  Pass pass("grad", outputs.line(), options.retain_graph || options.create_graph, options.create_graph);
  for (std::size_t i = 0; i < outputs.size(); ++i) pass.seed(outputs[i], options.grad_outputs.empty() ? Tensor() : options.grad_outputs[i]);
  pass.explore();
  const std::vector<std::uint32_t> found = pass.restrict_to(inputs.tensors(), options.allow_unused);
  pass.guarded([&] { pass.run(); });
  std::vector<Tensor> gradients;
  for (std::uint32_t at : found) gradients.push_back(pass.take(at));
  return gradients;
}

std::vector<Tensor> detail::grad_up_to(const Tensor& output, const Tensor& grad_out, const std::vector<Tensor>& inputs,
                                       std::span<const Tensor> bottom, bool create_graph) {
  if (!node_of(output)->requires_grad) return std::vector<Tensor>(inputs.size());
  Pass pass("grad", SourceLine::current(), true, create_graph);
  for (const Tensor& tensor : bottom) pass.stop_at(tensor);
  pass.seed(output, grad_out);
  pass.explore();
  const std::vector<std::uint32_t> found = pass.restrict_to(inputs, true);
  pass.run();
  std::vector<Tensor> gradients;
  for (std::uint32_t at : found) gradients.push_back(pass.take(at));
  return gradients;
}

}  // namespace chainrule
