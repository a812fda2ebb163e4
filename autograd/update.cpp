#include "autograd/update.h"

#include <cmath>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/float_mode.h"
#include "autograd/kernels/parallel.h"
#include "autograd/kernels/update.h"
#include "autograd/ops/create.h"
#include "autograd/record.h"

namespace chainrule {

using namespace detail;

namespace {

// The node of a leaf that is about to change, its change counted.
Node* changing(const char* op, const Tensor& leaf, const SourceLine& line) {
  Node* node = defined_node(op, leaf, line);
  if (node->recorded) throw_misuse(op, text(describe(leaf), " is not a leaf and cannot be changed in place"), line);
  ++node->storage->version;
  return node;
}

void check_like(const char* op, const char* what, Node* leaf, const Tensor& other, const SourceLine& line) {
  Node* node = defined_node(op, other, line);
  if (node->dtype != leaf->dtype || Sizes(node) != Sizes(leaf))
    throw_invalid(op, text(what, " is ", node->dtype, shape_of(node), ", expected ", leaf->dtype, shape_of(leaf)), line);
}

}  // namespace

void assign(Tensor& leaf, const TensorArg& values) {
  check_like("assign", "the value", defined_node("assign", leaf, values.line()), values.tensor(), values.line());
  Node* node = changing("assign", leaf, values.line());
  std::memmove(node->data, node_of(values.tensor())->data, static_cast<std::size_t>(node->numel * dtype_size(node->dtype)));
}

void fill(Tensor& leaf, double value, SourceLine line) {
  const bool integers = leaf.defined() && node_of(leaf)->dtype == DType::int64;
  if (integers && !(value >= -0x1p63 && value < 0x1p63)) throw_invalid("fill", text("the number ", value, " does not fit int64"), line);
  Node* node = changing("fill", leaf, line);
  visit_dtype(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    std::fill_n(node->values<T>(), node->numel, static_cast<T>(value));
  });
}

void sgd_update(Tensor& leaf, const Tensor& gradient, Tensor& buffer, const SgdUpdate& options, SourceLine line) {
  check_like("sgd_update", "the gradient", floating_node("sgd_update", leaf, line), gradient, line);
  const bool first = options.momentum != 0 && !buffer.defined();
  if (first) buffer = make_plain(node_of(leaf)->dtype, shape_of(leaf));
  if (options.momentum != 0) check_like("sgd_update", "the momentum buffer", node_of(leaf), buffer, line);
  Node* node = changing("sgd_update", leaf, line);
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
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

void adam_update(Tensor& leaf, const Tensor& gradient, Tensor& moment1, Tensor& moment2, std::int64_t step, const AdamUpdate& options,
                 SourceLine line) {
  check_like("adam_update", "the gradient", floating_node("adam_update", leaf, line), gradient, line);
  if (step < 1) throw_invalid("adam_update", text("step is ", step, ", expected at least 1"), line);
  if (!moment1.defined()) moment1 = zeros(shape_of(leaf), node_of(leaf)->dtype);
  if (!moment2.defined()) moment2 = zeros(shape_of(leaf), node_of(leaf)->dtype);
  check_like("adam_update", "the first moment", node_of(leaf), moment1, line);
  check_like("adam_update", "the second moment", node_of(leaf), moment2, line);
  Node* node = changing("adam_update", leaf, line);
  const double correction1 = 1 - std::pow(options.beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(options.beta2, static_cast<double>(step));
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const kernels::AdamStep<T> pass{.learning_rate = static_cast<T>(options.learning_rate),
                                    .beta1 = static_cast<T>(options.beta1),
                                    .one_minus_beta1 = static_cast<T>(1 - options.beta1),
                                    .beta2 = static_cast<T>(options.beta2),
                                    .one_minus_beta2 = static_cast<T>(1 - options.beta2),
                                    .epsilon = static_cast<T>(options.epsilon),
                                    .weight_decay = static_cast<T>(options.weight_decay),
                                    .step_size = static_cast<T>(options.learning_rate / correction1),
                                    .sqrt_correction2 = static_cast<T>(std::sqrt(correction2)),
                                    .decoupled = options.decoupled};
    kernels::adam_step<T>(pass, values<T>(gradient), mutable_values<T>(moment1), mutable_values<T>(moment2), node->values<T>(),
                          node->numel);
  });
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
  visit_floating(node_of(into)->dtype, [&](auto zero) {
    using T = decltype(zero);
    T* y = mutable_values<T>(into) + offset;
    const T* from = values<T>(x);
    kernels::parallel_pieces(node_of(x)->numel, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      kernels::elementwise<T>().add(y + begin, 1, from + begin, 1, y + begin, end - begin);
    });
  });
}

}  // namespace detail
}  // namespace chainrule
