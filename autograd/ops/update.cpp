#include "autograd/ops/update.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <variant>

#include "autograd/graph/checkpoint_run.h"
#include "autograd/graph/record.h"
#include "autograd/kernels/adam.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/sgd.h"
#include "autograd/ops/create.h"
#include "autograd/ops/exact_sum.h"
#include "autograd/ops/internal.h"
#include "autograd/parallel/float_mode.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

void check_leaf(const char* op, const Node* node, const Tensor& leaf, const SourceLine& line) {
  if (node->recorded) throw_misuse(op, text(describe(leaf), " is not a leaf and cannot be changed in place"), line);
}

// Returns the node of a leaf that is about to be modified, and counts the modification.
Node* changing(const char* op, const Tensor& leaf, const SourceLine& line) {
  Node* node = defined_node(op, leaf, line);
  check_leaf(op, node, leaf, line);
  ++node->storage->version;
  return node;
}

// Same as changing(), but returns null if the leaf keeps its elements because a checkpointed function runs for the second time.
Node* changing_once(const char* op, const Tensor& leaf, const SourceLine& line) {
  check_leaf(op, defined_node(op, leaf, line), leaf, line);
  if (thread_context.checkpoint_run != nullptr && CheckpointRun::skips_write(leaf)) [[unlikely]]
    return nullptr;
  return changing(op, leaf, line);
}

void check_like(const char* op, const char* what, Node* leaf, const Tensor& other, const SourceLine& line) {
  Node* node = defined_node(op, other, line);
  if (node->dtype != leaf->dtype || Sizes(node) != Sizes(leaf))
    throw_invalid(op, text(what, " is ", node->dtype, shape_of(node), ", expected ", leaf->dtype, shape_of(leaf)), line);
}

}  // namespace

void assign(Tensor& leaf, const TensorArg& values) {
  check_like("assign", "the value", defined_node("assign", leaf, values.line()), values.tensor(), values.line());
  Node* node = changing_once("assign", leaf, values.line());
  if (node == nullptr) return;
  std::memmove(node->data, node_of(values.tensor())->data, static_cast<std::size_t>(node->numel * dtype_size(node->dtype)));
}

void fill(Tensor& leaf, NumberArg value, SourceLine line) {
  check_number("fill", "the value", value, defined_node("fill", leaf, line)->dtype, line);
  Node* node = changing_once("fill", leaf, line);
  if (node == nullptr) return;
  visit_dtype(node->dtype, [&]<class T>() { std::fill_n(node->values<T>(), node->numel, element_of<T>(value)); });
}

void sgd_update(Tensor& leaf, const Tensor& gradient, Tensor& buffer, const SgdUpdate& options, SourceLine line) {
  check_like("sgd_update", "the gradient", floating_node("sgd_update", leaf, line), gradient, line);
  const bool first = options.momentum != 0 && !buffer.defined();
  if (first) buffer = make_plain(node_of(leaf)->dtype, shape_of(leaf));
  if (options.momentum != 0) check_like("sgd_update", "the momentum buffer", node_of(leaf), buffer, line);
  Node* node = changing("sgd_update", leaf, line);
  visit_floating(node->dtype, [&]<class T>() {
    const kernels::SgdStep<T> step{static_cast<T>(options.learning_rate),
                                   static_cast<T>(options.momentum),
                                   static_cast<T>(options.dampening),
                                   static_cast<T>(options.weight_decay),
                                   options.nesterov,
                                   first};
    kernels::sgd_step<T>(step, values<T>(gradient), options.momentum != 0 ? mutable_values<T>(buffer) : nullptr, node->values<T>(),
                         node->numel);
  });
}

namespace {

using kernels::AdamLoop;

// The bias corrections of Adam's moments, which start at 0.
struct AdamCorrections {
  explicit AdamCorrections(const AdamLeaf& of)
      : step(of.step),
        beta1(of.options.beta1),
        beta2(of.options.beta2),
        first(1 - std::pow(beta1, static_cast<double>(step))),
        second(1 - std::pow(beta2, static_cast<double>(step))) {}
  bool fit(const AdamLeaf& leaf) const { return leaf.step == step && leaf.options.beta1 == beta1 && leaf.options.beta2 == beta2; }

  std::int64_t step;
  double beta1, beta2, first, second;
};

template <class T>
kernels::AdamStep<T> adam_step_of(const AdamUpdate& options, const AdamCorrections& corrections) {
  return {.learning_rate = static_cast<T>(options.learning_rate),
          .beta1 = static_cast<T>(options.beta1),
          .one_minus_beta1 = static_cast<T>(1 - options.beta1),
          .beta2 = static_cast<T>(options.beta2),
          .one_minus_beta2 = static_cast<T>(1 - options.beta2),
          .epsilon = static_cast<T>(options.epsilon),
          .weight_decay = static_cast<T>(options.weight_decay),
          .step_size = static_cast<T>(options.learning_rate / corrections.first),
          .sqrt_correction2 = static_cast<T>(std::sqrt(corrections.second)),
          .decoupled = options.decoupled};
}

void check_adam(const AdamLeaf& part, const SourceLine& line) {
  Node* node = floating_node("adam_update", *part.leaf, line);
  check_like("adam_update", "the gradient", node, *part.gradient, line);
  if (part.step < 1) throw_invalid("adam_update", text("step is ", part.step, ", expected at least 1"), line);
  if (part.moment1->defined()) check_like("adam_update", "the first moment", node, *part.moment1, line);
  if (part.moment2->defined()) check_like("adam_update", "the second moment", node, *part.moment2, line);
  if (part.moment2_max != nullptr && part.moment2_max->defined())
    check_like("adam_update", "the largest second moment", node, *part.moment2_max, line);
  check_leaf("adam_update", node, *part.leaf, line);
}

}  // namespace

void adam_update(Tensor& leaf, const Tensor& gradient, Tensor& moment1, Tensor& moment2, std::int64_t step, const AdamUpdate& options,
                 SourceLine line) {
  const AdamLeaf one{&leaf, &gradient, &moment1, &moment2, step, options};
  adam_update({&one, 1}, line);
}

void adam_update(std::span<const AdamLeaf> leaves, SourceLine line) {
  for (const AdamLeaf& part : leaves) check_adam(part, line);
  constexpr std::size_t kAtOnce = 16;
  std::array<std::variant<std::monostate, AdamLoop<float>, AdamLoop<double>, AdamLoop<float, double>>, kAtOnce> kept;
  std::array<kernels::Loop, kAtOnce> loops;
  std::optional<AdamCorrections> corrections;
  for (; !leaves.empty(); leaves = leaves.subspan(std::min(kAtOnce, leaves.size()))) {
    const std::size_t count = std::min(kAtOnce, leaves.size());
    std::int64_t elements = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const AdamLeaf& part = leaves[i];
      if (!corrections || !corrections->fit(part)) corrections.emplace(part);
      for (Tensor* moment : {part.moment1, part.moment2, part.moment2_max})
        if (moment != nullptr && !moment->defined()) *moment = zeros(shape_of(*part.leaf), node_of(*part.leaf)->dtype);
      Node* node = changing("adam_update", *part.leaf, line);
      elements += node->numel;
      const auto add_loop = [&]<class T, class C>() {
        auto& loop = kept[i].emplace<AdamLoop<T, C>>(
            AdamLoop<T, C>{adam_step_of<C>(part.options, *corrections), values<T>(*part.gradient), mutable_values<T>(*part.moment1),
                           mutable_values<T>(*part.moment2), part.moment2_max == nullptr ? nullptr : mutable_values<T>(*part.moment2_max),
                           node->values<T>(), node->numel});
        loops[i] = loop.loop();
      };
      if (node->dtype == DType::float64) {
        add_loop.operator()<double, double>();
      } else if (part.moment2_max != nullptr) {
        add_loop.operator()<float, double>();
      } else {
        add_loop.operator()<float, float>();
      }
    }
    kernels::parallel_loops(std::span(loops.data(), count), elements >= kernels::kAdamGrain);
  }
}

namespace detail {

void in_pieces(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body) {
  kernels::parallel_pieces(count, grain, [&](std::int64_t begin, std::int64_t end) {
    const kernels::FloatModeScope flush(kernels::flushing());
    body(begin, end);
  });
}

void add_in_place(const Tensor& into, const Tensor& x) { add_in_place(into, 0, x); }

void add_in_place(const Tensor& into, std::int64_t offset, const Tensor& x) {
  visit_floating(node_of(into)->dtype, [&]<class T>() {
    T* y = mutable_values<T>(into) + offset;
    const T* from = values<T>(x);
    kernels::parallel_pieces(node_of(x)->numel, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      kernels::elementwise<T>().add(y + begin, 1, from + begin, 1, y + begin, end - begin);
    });
  });
}

void add_exactly_in_place(const Tensor& into, const Tensor& lost, std::int64_t offset, const Tensor& x) {
  visit_floating(node_of(into)->dtype, [&]<class T>() {
    T *const y = mutable_values<T>(into) + offset, *const rest = mutable_values<T>(lost) + offset;
    const T* const from = values<T>(x);
    kernels::parallel_pieces(node_of(x)->numel, kElementGrain, [=](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) add_exactly(y[i], rest[i], from[i]);
    });
  });
}

}  // namespace detail
}  // namespace chainrule
