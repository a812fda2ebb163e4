#include "autograd/derivatives/backward.h"

#include <algorithm>

#include "autograd/base/check.h"
#include "autograd/base/memory.h"
#include "autograd/derivatives/pass.h"
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

class Pass {
 public:
  Pass(const char* op, const SourceLine& line, bool retain_graph, bool create_graph)
      : op_(op),
        line_(line),
        retain_graph_(retain_graph),
        create_graph_(create_graph),
        caller_(line),
        grad_mode_(create_graph),
        space_(loan_.get()),
        room_(static_cast<std::uint32_t>(std::min<std::size_t>(space_.entries.capacity(), kNone))),
        scalars_(!create_graph && !thread_context.anomaly) {}

  // Adds an output and its gradient, with which the pass starts.
  void seed(const Tensor& output, const Tensor& gradient) {
    Node* node = defined_node(op_, output, line_);
    if (!node->requires_grad)
      throw_invalid(op_, text("the tensor is ", describe(output), " and does not depend on any tensor that requires grad"), line_);
    Tensor own = gradient;
    const bool one = !own.defined() && node->numel == 1 && scalars_;
    if (own.defined()) {
      if (shape_of(own) != shape_of(node) || node_of(own)->dtype != node->dtype)
        throw_invalid(op_,
                      text("the gradient given is ", node_of(own)->dtype, shape_of(own), ", expected ", node->dtype, shape_of(node),
                           " like the output"),
                      line_);
    } else {
      if (node->numel != 1)
        throw_invalid(op_, text("the output has shape ", shape_of(node), ", expected a single element, or a gradient for it"), line_);
      if (!one) own = full(shape_of(node), 1.0, node->dtype);
    }
    const std::uint32_t at = enter(node);
    if (one) {
      space_.entries[at].sum.add(node, 1.0);
    } else {
      space_.entries[at].sum.add(node, std::move(own), create_graph_);
    }
  }

  // Makes the pass treat a Tensor as a leaf.
  void stop_at(const Tensor& tensor) {
    Node* node = node_of(tensor);
    if (node->requires_grad) space_.entries[enter(node)].bottom = true;
    partial_ = true;
  }

  // Finds all nodes that the outputs were computed from and counts the uses of each.
  void explore() {
    seeds_ = met_;
    for (std::uint32_t next = 0; next < met_; ++next) {
      PassEntry& entry = space_.entries[next];
      Node* node = node_of(entry.tensor);
      if (!node->recorded || entry.bottom) continue;
      if (node->spent) throw_spent(node);
      entry.first_edge = static_cast<std::uint32_t>(space_.edges.size());
      const Tensor* const inputs = node->inputs();
      const Tensor* const end = inputs + node->input_count;
      for (const Tensor* input = inputs; input != end; ++input) {
        std::uint32_t at = kNone;
        if (Node* from = node_of(*input); from->requires_grad) {
          at = enter(from);
          ++space_.entries[at].uses;
        }
        space_.edges.push_back(at);
      }
    }
  }

  // Restricts the pass to nodes that depend on these inputs, and makes it keep the gradients of the inputs. Stores their entries in
  // `found`.
  void restrict_to(std::span<const Tensor> inputs, std::vector<std::uint32_t>& found, bool allow_unused) {
    found.clear();
    for (PassEntry& entry : space_.entries) entry.wanted = false;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Node* node = defined_node(op_, inputs[i], line_);
      if (!node->requires_grad) throw_invalid(op_, text("input ", i, " (", describe(inputs[i]), ") does not require grad"), line_);
      const std::uint32_t at = lookup(node);
      found.push_back(at);
      if (at == kNone) {
        if (!allow_unused)
          throw_invalid(
              op_, text("input ", i, " (", describe(inputs[i]), ") was not used to compute the output; say allow_unused if that is meant"),
              line_);
        continue;
      }
      space_.entries[at].wanted = space_.entries[at].keep = true;
    }
    // Entries are in the order in which they were reached, which is not a topological order. Counting down a copy of the uses gives one.
    std::vector<std::uint32_t> order, uses;
    uses.reserve(space_.entries.size());
    for (std::size_t at = 0; at < space_.entries.size(); ++at) {
      uses.push_back(space_.entries[at].uses);
      if (uses.back() == 0) order.push_back(static_cast<std::uint32_t>(at));
    }
    for (std::size_t next = 0; next < order.size(); ++next) {
      Node* node = node_of(space_.entries[order[next]].tensor);
      if (!node->recorded || space_.entries[order[next]].bottom) continue;
      for_each_input(order[next], [&](std::uint32_t at) {
        if (--uses[at] == 0) order.push_back(at);
      });
    }
    for (std::size_t next = order.size(); next-- > 0;) {
      PassEntry& entry = space_.entries[order[next]];
      Node* node = node_of(entry.tensor);
      if (!node->recorded || entry.wanted || entry.bottom) continue;
      for_each_input(order[next], [&](std::uint32_t at) { entry.wanted = entry.wanted || space_.entries[at].wanted; });
    }
  }

  // Runs the rule of every node once, after the rules of all nodes that use its result.
  void run() {
    for (std::uint32_t at = seeds_; at-- > 0;)  // entries added by explore() have uses
      if (space_.entries[at].uses == 0) space_.ready.push_back(at);
    while (!space_.ready.empty()) {
      const std::uint32_t at = space_.ready.back();
      space_.ready.pop_back();
      if (at + kAhead < met_) fetch_ahead(space_.entries[at + kAhead]);
      PassEntry& entry = space_.entries[at];
      if (!node_of(entry.tensor)->recorded || entry.bottom) {
        entry.sum.join_slices(node_of(entry.tensor));
        if (!entry.bottom && !partial_) run_hooks(at);
      } else if (is_plain_scalar(entry)) {
        run_rule_on_scalar(entry);
      } else {
        step(at);
      }
    }
  }

  // Adds the gradients of leaves, and of results with retain_grad(), to their grad().
  void deliver() {
    for (const std::uint32_t at : space_.ends) {
      PassEntry& entry = space_.entries[at];
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

  // Returns the gradient of an entry, in memory that no other result shares.
  Tensor take(std::uint32_t at) {
    if (at == kNone) return Tensor();
    PassEntry& entry = space_.entries[at];
    const Node* node = node_of(entry.tensor);
    entry.sum.join_slices(node);
    const Tensor& gradient = entry.sum.tensor(node);
    if (!gradient.defined()) return partial_ ? Tensor() : zeros(shape_of(node), node->dtype);
    return create_graph_ || is_unshared(gradient) ? gradient : gradient.clone();
  }

 private:
  static constexpr std::uint32_t kAhead = 4;
  static constexpr std::uint32_t kNone = RuleSlot::kNoEntry;

  [[gnu::always_inline]] std::uint32_t enter(Node* node) {
    if (!node->recorded) return enter_leaf(node);
    auto& entries = space_.entries;
    if (const std::uint32_t mark = node->mark; mark < met_ && node_of(entries[mark].tensor) == node) return mark;
    PassEntry& entry = add_entry(node);
    entry.outer = node->mark;
    return node->mark = met_++;
  }

  [[gnu::always_inline]] std::uint32_t enter_leaf(Node* node) {
    const std::uint32_t at = space_.leaves.find_or_add(node, met_);
    if (at == met_) [[unlikely]] {
      add_entry(node);
      space_.ends.push_back(met_++);
    }
    return at;
  }

  [[gnu::always_inline]] PassEntry& add_entry(Node* node) {
    auto& entries = space_.entries;
    if (met_ == room_) [[unlikely]]
      make_room();
    PassEntry& entry = entries.emplace_back();
    entry.tensor = Node::share(node);
    return entry;
  }

  // Enlarges the table. The number of live Tensors serves as an estimate of the size of a large graph.
  [[gnu::noinline]] void make_room() {
    auto& entries = space_.entries;
    const auto most = static_cast<std::size_t>(std::clamp<std::int64_t>(total_counts().tensors, 0, 256 * std::int64_t{room_}));
    entries.reserve(std::max<std::size_t>({64, 2 * std::size_t{room_}, most}));
    space_.edges.reserve(2 * entries.capacity());
    room_ = static_cast<std::uint32_t>(std::min<std::size_t>(entries.capacity(), kNone));
  }

  std::uint32_t lookup(Node* node) {
    if (node->recorded) {
      const std::uint32_t mark = node->mark;
      return mark < space_.entries.size() && node_of(space_.entries[mark].tensor) == node ? mark : kNone;
    }
    const std::uint32_t at = space_.leaves.find_or_add(node, kNone);
    return at;
  }

  // Calls f for the entry of each input that requires grad, as often as the input occurs.
  template <class F>
  void for_each_input(std::uint32_t entry, F f) {
    const std::uint32_t* edges = space_.edges.data() + space_.entries[entry].first_edge;
    for (std::uint32_t i = 0; i < node_of(space_.entries[entry].tensor)->input_count; ++i)
      if (edges[i] != kNone) f(edges[i]);
  }

  [[noreturn]] void throw_spent(Node* node) const {
    throw_misuse(op_,
                 text("backward through the graph a second time: ", describe(Node::share(node)),
                      " was already differentiated and what it held is freed; say retain_graph the first time, or detach() what was made "
                      "before the loop"),
                 line_);
  }

  // Calls the hooks of a Tensor with its complete gradient, which they may replace.
  void run_hooks(std::uint32_t at) {
    const Node* node = node_of(space_.entries[at].tensor);
    if (node->extras != nullptr && !node->extras->hooks.empty() && space_.entries[at].wanted) call_hooks(at);
  }

  void call_hooks(std::uint32_t at) {
    const Tensor tensor = space_.entries[at].tensor;
    Node* node = node_of(tensor);
    space_.entries[at].sum.tensor(node);
    const std::vector<Hook> hooks = node->extras->hooks;  // a hook may remove itself
    for (const Hook& hook : hooks) {
      Tensor gradient = space_.entries[at].sum.kept_tensor();
      if (!gradient.defined()) return;
      Tensor replaced;
      {
        const UserCodeScope user;
        replaced = hook.call(gradient);
      }
      if (!replaced.defined()) continue;
      if (shape_of(replaced) != shape_of(node) || node_of(replaced)->dtype != node->dtype)
        throw_misuse(
            "on_grad",
            text("a hook gave a gradient of ", node_of(replaced)->dtype, shape_of(replaced), ", expected ", node->dtype, shape_of(node)),
            line_);
      space_.entries[at].sum.set(std::move(replaced));
    }
  }

  // Prefetches a node that will probably be processed soon: nodes were reached in roughly the order in which their rules run.
  [[gnu::always_inline]] static void fetch_ahead(const PassEntry& entry) noexcept {
    if (!entry.tensor.defined()) return;
    const auto* bytes = reinterpret_cast<const std::byte*>(node_of(entry.tensor));
    for (std::size_t line = 0; line < sizeof(Node) + 64; line += 64) __builtin_prefetch(bytes + line, 1);
  }

  // Returns true if run_rule_on_scalar() can process the entry.
  static bool is_plain_scalar(const PassEntry& entry) {
    const Node* node = node_of(entry.tensor);
    return entry.sum.is_scalar() && entry.wanted && !entry.keep && node->takes_scalars && !node->retains_grad && node->extras == nullptr &&
           !node->spent;
  }

  // Same as step(), for a rule on numbers and a node whose gradient is not kept.
  void run_rule_on_scalar(PassEntry& entry) {
    const Tensor tensor = std::move(entry.tensor);
    Node* node = node_of(tensor);
    node->mark = entry.outer;
    entry.sum.drop_scalar();
    run_on_scalars(node, entry.sum.scalar(), space_.edges.data() + entry.first_edge);
    if (!retain_graph_ && !is_last_handle(node)) free_graph(node);
  }

  // Runs a rule on numbers and adds its gradients to those of the inputs.
  [[gnu::always_inline]] void run_on_scalars(Node* node, double grad_out, const std::uint32_t* edges) {
    RuleScalars scalars;
    scalars.grad_out = grad_out;
    const std::uint32_t count = node->input_count;
    for (std::uint32_t i = 0; i < count; ++i) {
      scalars.wanted[i] = edges[i] != kNone && space_.entries[edges[i]].wanted;
      scalars.given[i] = false;
    }
    RuleContext context(node, scalars, none_);
    node->invoke(node->captures(), context);
    for (std::uint32_t i = 0; i < count; ++i) {
      if (edges[i] == kNone) continue;
      PassEntry& input = space_.entries[edges[i]];
      if (scalars.given[i]) input.sum.add(node_of(input.tensor), scalars.gradients[i]);
      if (--input.uses == 0) space_.ready.push_back(edges[i]);
    }
  }

  // Runs the rule of a node and adds its gradients to those of the inputs.
  [[gnu::noinline]] void step(std::uint32_t at) {
    space_.entries[at].sum.join_slices(node_of(space_.entries[at].tensor));
    run_hooks(at);
    if (Node* own = node_of(space_.entries[at].tensor); own->spent) throw_spent(own);  // a pass started by a hook or rule has used it
    PassEntry& entry = space_.entries[at];
    const bool stays = entry.keep || node_of(entry.tensor)->retains_grad;
    Node* node = node_of(entry.tensor);
    if (entry.sum.is_scalar() ? !node->takes_scalars : node->takes_scalars && scalars_ && entry.sum.kept_tensor().defined())
      change_form(node, entry.sum);
    if (stays) {
      space_.ends.push_back(at);
    } else {
      entry.give_back_mark();
    }
    const Tensor tensor = stays ? entry.tensor : std::move(entry.tensor);
    if (entry.sum.is_scalar() && entry.wanted) {
      if (!stays) entry.sum.drop_scalar();
      run_on_scalars(node, entry.sum.scalar(), space_.edges.data() + entry.first_edge);
      if (!retain_graph_) free_graph(node);
      return;
    }
    Tensor grad_out = stays ? entry.sum.kept_tensor() : entry.sum.take_tensor();
    const bool flows = grad_out.defined() && entry.wanted;
    if (!stays) entry.sum.drop_scalar();
    const ForcedLine line(node->line);

    // The slots of up to kFew inputs are on the stack. The table does not grow during run(), so `entry` and other references into it stay
    // valid.
    const std::uint32_t count = node->input_count;
    constexpr std::uint32_t kFew = 3;
    RuleSlot few[kFew];
    std::vector<RuleSlot> many(count > kFew ? count : 0);
    RuleSlot* slots = count > kFew ? many.data() : few;
    const std::uint32_t* edges = space_.edges.data() + entry.first_edge;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (edges[i] == kNone) continue;
      slots[i].entry = edges[i];
      slots[i].wanted = flows && space_.entries[edges[i]].wanted;
    }
    if (flows) {
      RuleContext context(node, grad_out, slots);
      node->invoke(node->captures(), context);
      grad_out = Tensor();
      if (node->spent) throw_spent(node);
      if (thread_context.anomaly) [[unlikely]] {
        for (std::uint32_t i = 0; i < count; ++i)
          if (slots[i].wanted && slots[i].gradient.defined()) check_gradient(node, i, slots[i].gradient);
      }
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      RuleSlot& slot = slots[i];
      if (slot.entry == kNone) continue;
      PassEntry& input = space_.entries[slot.entry];
      if (slot.wanted && slot.gradient.defined()) {
        if (slot.offset == RuleSlot::kWhole) {
          input.sum.add(node_of(input.tensor), checked(node, i, std::move(slot.gradient)), create_graph_);
        } else {
          input.sum.add_slice(node_of(input.tensor), slot.offset, std::move(slot.gradient), create_graph_);
        }
      }
      if (--input.uses == 0) space_.ready.push_back(slot.entry);
    }
    if (!retain_graph_ && flows) free_graph(node);
  }

  // Checks the gradient for input i and returns it in the input's shape, summed over broadcast axes if necessary.
  Tensor checked(Node* node, std::uint32_t i, Tensor gradient) const {
    Node* input = node_of(node->inputs()[i]);
    Node* own = node_of(gradient);
    if (own->dtype == input->dtype && Sizes(own) == Sizes(input)) return gradient;
    const Shape expected = shape_of(input);
    if (own->dtype != input->dtype)
      throw_misuse(node->op, text("its rule gave a ", own->dtype, " gradient for input ", i, ", expected ", input->dtype), node->line);
    if (node->broadcasts) return sum_to(gradient, expected);
    throw_misuse(node->op, text("its rule gave a gradient of shape ", shape_of(own), " for input ", i, ", expected ", expected),
                 node->line);
  }

  // Converts the sum from a number to a Tensor, or from a Tensor to a number.
  static void change_form(const Node* node, GradientSum& sum) {
    if (sum.is_scalar()) {
      sum.tensor(node);
    } else {
      sum.set(visit_floating(node->dtype, [&](auto zero) -> double { return *values<decltype(zero)>(sum.kept_tensor()); }));
    }
  }

  // Releases the inputs of a node, which may free them.
  static void free_graph(Node* node) noexcept {
    node->spent = true;
    for (std::uint32_t i = 0; i < node->input_count; ++i) node->inputs()[i] = Tensor();
  }

  const char* op_;
  const SourceLine& line_;
  bool retain_graph_, create_graph_;
  std::uint32_t seeds_ = 0;  // number of entries before explore()
  const Tensor none_;
  bool partial_ = false;  // stop_at() was called: the pass runs inside another, which calls the hooks of leaves
  CallerScope caller_;
  GradMode grad_mode_;
  PassWorkspaceLoan loan_;
  PassWorkspace& space_;
  std::uint32_t met_ = 0;  // number of entries
  std::uint32_t room_;     // number of entries that fit without moving them
  bool scalars_;           // gradients of single elements may be kept as numbers: nothing is recorded, and no DetectAnomaly checks them
};

}  // namespace
}  // namespace detail

using namespace detail;

void Tensor::backward(SourceLine line) const { backward(BackwardOptions{}, line); }

void Tensor::backward(const BackwardOptions& options, SourceLine line) const {
  Pass pass("backward", line, options.retain_graph, false);
  pass.seed(*this, options.gradient);
  pass.explore();
  pass.run();
  pass.deliver();
}

std::vector<Tensor> grad(const TensorList& outputs, const TensorList& inputs, const GradOptions& options) {
  if (!options.grad_outputs.empty() && options.grad_outputs.size() != outputs.size())
    throw_invalid("grad", text("got ", options.grad_outputs.size(), " grad_outputs for ", outputs.size(), " outputs"), outputs.line());
  Pass pass("grad", outputs.line(), options.retain_graph || options.create_graph, options.create_graph);
  for (std::size_t i = 0; i < outputs.size(); ++i) pass.seed(outputs[i], options.grad_outputs.empty() ? Tensor() : options.grad_outputs[i]);
  pass.explore();
  std::vector<std::uint32_t> found;
  pass.restrict_to(inputs.tensors(), found, options.allow_unused);
  pass.run();
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
  std::vector<std::uint32_t> found;
  pass.restrict_to(inputs, found, true);
  pass.run();
  std::vector<Tensor> gradients;
  for (std::uint32_t at : found) gradients.push_back(pass.take(at));
  return gradients;
}

}  // namespace chainrule
