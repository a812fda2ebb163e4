#include "autograd/ops/reduce.h"

#include <algorithm>

#include "autograd/graph/record.h"
#include "autograd/kernels/moments.h"
#include "autograd/kernels/reduce.h"
#include "autograd/kernels/softmax.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/loss.h"
#include "autograd/ops/reduce_op.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/strided.h"

namespace chainrule {

using namespace detail;

namespace {

void check_some(const char* op, const Reduced& plan, const Node* node, const SourceLine& line) {
  if (plan.count == 0) throw_invalid(op, text("the reduced axes of shape ", shape_of(node), " have no elements"), line);
}

// The rule of max and min: the gradient goes to all elements equal to the result, in equal shares.
struct ExtremeRule {
  Shape kept;
  void operator()(RuleContext& r) const {
    const Tensor& x = r.input(0);
    const Shape shape = r.input_shape(0);
    const Tensor equal = eq(x, reshape(r.output(), kept));
    std::vector<std::int64_t> gone;
    for (int axis = 0; axis < shape.rank(); ++axis)
      if (kept[axis] != shape[axis]) gone.push_back(axis);
    const Tensor shares = gone.empty() ? equal : sum(equal, Axes(gone), true);
    r.set(0, equal * (reshape(r.grad_out(), kept) / shares));
  }
};

Tensor argextreme(const char* op, const TensorArg& x, bool largest, const int* axis, bool keepdim) {
  const Node* node = defined_node(op, x.tensor(), x.line());
  Span span{1, node->numel, 1};
  Shape shape;
  if (axis != nullptr && node->rank > 0) {
    const int at = checked_axis(op, *axis, sizes_of(node), x.line());
    shape = shape_of(node);
    span = around(shape, at);
    if (keepdim) {
      shape[at] = 1;
    } else {
      shape.erase(at);
    }
  }
  if (span.n == 0) throw_invalid(op, text("shape ", shape_of(node), " has no elements to choose from"), x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(op, x.line(), DType::int64, shape, inputs, any_input([span, largest]<class T>(const OpValues<T>& v) {
                       kernels::reduce_arg(largest ? kernels::Reduction::max : kernels::Reduction::min, v.in(), span.outer, span.n,
                                           span.inner, v.template out_as<std::int64_t>());
                     }),
                     kNoRule);
}

// The gradient of logsumexp over the last axis, with the result y [rows]: grad·exp(x - y). y is a constant here: the rule differentiates
// grad·softmax(x), since the parts by x and by y would cancel each other.
Tensor logsumexp_gradient(const Tensor& grad, const Tensor& x, const Tensor& y) {
  const Tensor* inputs[] = {&grad, &x, &y};
  return make_result("logsumexp_gradient", SourceLine::current(), node_of(x)->dtype, Sizes(node_of(x)), inputs,
                     floating([]<class T>(const OpValues<T>& v) {
                       if (v.out_numel() == 0) return;
                       kernels::logsumexp_gradient_rows(v.in(0), v.in(1), v.in(2), v.in_numel(0), v.out_numel() / v.in_numel(0), v.out());
                     }),
                     [](RuleContext& r) {
                       const Tensor &g = r.grad_out(), &from = r.input(1), &total = r.input(2);
                       const Tensor p = logsumexp_gradient(ones_like(total), from, total);
                       if (r.needs(0)) r.set(0, sum(weigh(g, p), -1));
                       if (r.needs(1)) r.set(1, weigh(unsqueeze(r.input(0), -1), softmax_gradient(g, p)));
                     });
}

// logsumexp over the last axis.
Tensor logsumexp_rows(const TensorArg& x) {
  const Node* node = node_of(x.tensor());
  Shape shape = shape_of(node);
  const std::int64_t d = shape[shape.rank() - 1];
  shape.erase(shape.rank() - 1);
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("logsumexp", x.line(), node->dtype, shape, inputs,
                     floating([d]<class T>(const OpValues<T>& v) { kernels::logsumexp_rows(v.in(), v.out_numel(), d, v.out()); }),
                     [](RuleContext& r) { r.set(0, logsumexp_gradient(r.grad_out(), r.input(0), r.output().detach())); });
}

}  // namespace

Tensor sum(const TensorArg& x, const Axes& axes, bool keepdim) {
  const Node* node = defined_node("sum", x.tensor(), x.line());
  const Reduced plan = reduced("sum", node, axes, x.line());
  return reduce_op("sum", x, plan, keepdim, kernels::Reduction::sum,
                   [kept = plan.kept](RuleContext& r) { r.set(0, spread(r.grad_out(), kept, r.input_shape(0))); });
}

Tensor mean(const TensorArg& x, const Axes& axes, bool keepdim) {
  const Node* node = floating_node("mean", x.tensor(), x.line());
  const Reduced plan = reduced("mean", node, axes, x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("mean", x.line(), node->dtype, keepdim ? plan.kept : plan.without, inputs,
                     floating([axes = plan.axes()]<class T>(const OpValues<T>& v) {
                       reduce_into(node_of(v.input(0)), axes, v.in(), v.out(),
                                   [](const T* from, std::int64_t outer, std::int64_t n, std::int64_t inner, T* to) {
                                     kernels::mean(from, outer, n, inner, to);
                                   });
                     }),
                     [kept = plan.kept, count = static_cast<double>(plan.count)](RuleContext& r) {
                       r.set(0, spread(r.grad_out() / count, kept, r.input_shape(0)));
                     });
}

Tensor max(const TensorArg& x, const Axes& axes, bool keepdim) {
  const Node* node = defined_node("max", x.tensor(), x.line());
  const Reduced plan = reduced("max", node, axes, x.line());
  check_some("max", plan, node, x.line());
  return reduce_op("max", x, plan, keepdim, kernels::Reduction::max, ExtremeRule{plan.kept});
}

Tensor min(const TensorArg& x, const Axes& axes, bool keepdim) {
  const Node* node = defined_node("min", x.tensor(), x.line());
  const Reduced plan = reduced("min", node, axes, x.line());
  check_some("min", plan, node, x.line());
  return reduce_op("min", x, plan, keepdim, kernels::Reduction::min, ExtremeRule{plan.kept});
}

Tensor logsumexp(const TensorArg& x, const Axes& axes, bool keepdim) {
  Node* node = floating_node("logsumexp", x.tensor(), x.line());
  const Reduced plan = reduced("logsumexp", node, axes, x.line());
  const CallerScope caller(x.line());
  // Moves the reduced axes to the end and merges them into one.
  std::vector<std::int64_t> order;
  for (int axis = 0; axis < node->rank; ++axis)
    if (!plan.gone[axis]) order.push_back(axis);
  for (int axis = 0; axis < node->rank; ++axis)
    if (plan.gone[axis]) order.push_back(axis);
  Shape rows = plan.without;
  rows.push_back(plan.count);
  const Tensor arranged = std::is_sorted(order.begin(), order.end()) ? x.tensor() : permute(x, Axes(order));
  const Tensor y = logsumexp_rows(reshape(arranged, rows));
  return keepdim ? reshape(y, plan.kept) : y;
}

namespace {

// Returns for each of n numbers the product of g and all other numbers, for x [outer, n, inner] and g [outer, 1, inner]. The two halves are
// multiplied pairwise, the function calls itself for the n / 2 products, and each of its results is multiplied by the element of the other
// half. There is no division, so zeros are no special case.
Tensor products_of_others(const Tensor& x, const Tensor& g) {
  const Shape shape = shape_of(x);
  const std::int64_t n = shape[1], half = (n + 1) / 2;
  if (n == 1) return g;
  const Tensor first = slice(x, 1, 0, half);
  Tensor second = slice(x, 1, half, n);
  if (n % 2 != 0) second = concat({second, ones(Shape{shape[0], 1, shape[2]}, node_of(x)->dtype)}, 1);
  const Tensor others = products_of_others(first * second, g);
  const Tensor answers = concat({others * second, others * first}, 1);
  return n % 2 != 0 ? slice(answers, 1, 0, n) : answers;
}

// Writes 1 where any element (with `every`: each element) is not 0, else 0.
template <class T>
void reduce_truth(const T* from, std::int64_t outer, std::int64_t n, std::int64_t inner, T* to, bool every) {
  std::fill_n(to, outer * inner, T(every));
  for (std::int64_t o = 0; o < outer && inner > 0; ++o)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t i = 0; i < inner; ++i) {
        const bool truth = from[(o * n + j) * inner + i] != 0;
        T& result = to[o * inner + i];
        result = T(every ? result != 0 && truth : result != 0 || truth);
      }
}

Tensor truth(const char* op, const TensorArg& x, const Axes& axes, bool keepdim, bool every) {
  const Node* node = defined_node(op, x.tensor(), x.line());
  const Reduced plan = reduced(op, node, axes, x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(op, x.line(), node->dtype, keepdim ? plan.kept : plan.without, inputs,
                     any_dtype([axes = plan.axes(), every]<class T>(const OpValues<T>& v) {
                       reduce_into(node_of(v.input(0)), axes, v.in(), v.out(),
                                   [every](const T* from, std::int64_t outer, std::int64_t n, std::int64_t inner, T* to) {
                                     reduce_truth(from, outer, n, inner, to, every);
                                   });
                       if (v.in_shape().rank() == 0) *v.out() = T(*v.out() != 0);
                     }),
                     kNoRule);
}

// Cumulative sums over the n rows of an [n, inner] matrix, from the first row or from the last.
template <class T>
void add_up(const T* x, const Span& span, bool from_end, T* y) {
  // int64 wraps around, as sums do; floats are added up in double.
  using Total = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
  const std::int64_t first = from_end ? span.n - 1 : 0, step = from_end ? -1 : 1;
  if (span.inner == 1) {
    Total total{0};
    for (std::int64_t j = 0, at = first; j < span.n; ++j, at += step) {
      total += static_cast<Total>(x[at]);
      y[at] = static_cast<T>(total);
    }
    return;
  }
  std::vector<Total> totals(static_cast<std::size_t>(span.inner));
  for (std::int64_t j = 0, row = first; j < span.n; ++j, row += step)
    for (std::int64_t i = 0; i < span.inner; ++i) {
      Total& total = totals[static_cast<std::size_t>(i)];
      total += static_cast<Total>(x[row * span.inner + i]);
      y[row * span.inner + i] = static_cast<T>(total);
    }
}

// The cumulative sum along an axis, from its start or from its end.
Tensor running_sum(const TensorArg& x, int axis, bool from_end) {
  const Node* node = node_of(x.tensor());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("cumsum", x.line(), node->dtype, Sizes(node), inputs, any_dtype([axis, from_end]<class T>(const OpValues<T>& v) {
                       if (v.in_numel() == 0) return;
                       const Shape shape = v.in_shape();
                       const Span span = shape.rank() == 0 ? Span{} : around(shape, axis);
                       const T* const from = v.in();
                       T* const to = v.out();
                       kernels::parallel_pieces(span.outer, std::max<std::int64_t>(1, kElementGrain / (span.n * span.inner)),
                                                [&](std::int64_t begin, std::int64_t end) {
                                                  for (std::int64_t o = begin; o < end; ++o)
                                                    add_up(from + o * span.n * span.inner, span, from_end, to + o * span.n * span.inner);
                                                });
                     }),
                     [axis, from_end](RuleContext& r) { r.set(0, running_sum(r.grad_out(), axis, !from_end)); });
}

}  // namespace

namespace {

// The gradient of a product over the middle axis of x [outer, n, inner], with the result's gradient [outer, 1, inner].
Tensor prod_gradient(const Tensor& x, const Tensor& grad) {
  const Node* node = node_of(x);
  const Tensor* inputs[] = {&x, &grad};
  return make_result("prod_gradient", SourceLine::current(), node->dtype, Sizes(node), inputs, floating([]<class T>(const OpValues<T>& v) {
                       const Shape shape = v.out_shape();
                       kernels::product_gradient(v.in(0), v.in(1), shape[0], shape[1], shape[2], v.out());
                     }),
                     kNoRule);
}

}  // namespace

Tensor prod(const TensorArg& x, const Axes& axes, bool keepdim) {
  const Node* node = defined_node("prod", x.tensor(), x.line());
  const Reduced plan = reduced("prod", node, axes, x.line());
  return reduce_op("prod", x, plan, keepdim, kernels::Reduction::prod, [axes = plan.axes()](RuleContext& r) {
    const Shape shape = r.input_shape(0);
    const std::int64_t groups = node_of(r.grad_out())->numel;
    if (shape.numel() == 0) {
      r.set(0, zeros(shape, r.input_dtype(0)));
      return;
    }
    const bool in_place = adjacent(axes, shape);
    const AxisOrder order = gone_last(axes, shape.rank());
    const Tensor arranged = in_place ? r.input(0) : permute(r.input(0), order.axes());
    const Span span = in_place ? middle(shape, axes, groups) : Span{groups, shape.numel() / groups, 1};
    const Tensor from = reshape(arranged, Shape{span.outer, span.n, span.inner});
    const Tensor grad = reshape(r.grad_out(), Shape{span.outer, 1, span.inner});
    const Tensor others = reshape(r.in_ops() ? products_of_others(from, grad) : prod_gradient(from, grad), shape_of(arranged));
    r.set(0, in_place ? others : permute(others, order.inverse()));
  });
}

Tensor any(const TensorArg& x, const Axes& axes, bool keepdim) { return truth("any", x, axes, keepdim, false); }
Tensor all(const TensorArg& x, const Axes& axes, bool keepdim) { return truth("all", x, axes, keepdim, true); }

Tensor cumsum(const TensorArg& x, int axis) {
  Node* node = defined_node("cumsum", x.tensor(), x.line());
  return running_sum(x, checked_axis("cumsum", axis, sizes_of(node), x.line(), node->rank == 0 ? 1 : 0), false);
}

Tensor argmax(const TensorArg& x) { return argextreme("argmax", x, true, nullptr, false); }
Tensor argmax(const TensorArg& x, int axis, bool keepdim) { return argextreme("argmax", x, true, &axis, keepdim); }
Tensor argmin(const TensorArg& x) { return argextreme("argmin", x, false, nullptr, false); }
Tensor argmin(const TensorArg& x, int axis, bool keepdim) { return argextreme("argmin", x, false, &axis, keepdim); }

Tensor Tensor::sum(const Axes& axes, bool keepdim, SourceLine line) const { return chainrule::sum(TensorArg(*this, line), axes, keepdim); }
Tensor Tensor::mean(const Axes& axes, bool keepdim, SourceLine line) const {
  return chainrule::mean(TensorArg(*this, line), axes, keepdim);
}
Tensor Tensor::max(const Axes& axes, bool keepdim, SourceLine line) const { return chainrule::max(TensorArg(*this, line), axes, keepdim); }
Tensor Tensor::min(const Axes& axes, bool keepdim, SourceLine line) const { return chainrule::min(TensorArg(*this, line), axes, keepdim); }
Tensor Tensor::argmax(SourceLine line) const { return chainrule::argmax(TensorArg(*this, line)); }
Tensor Tensor::argmax(int axis, bool keepdim, SourceLine line) const { return chainrule::argmax(TensorArg(*this, line), axis, keepdim); }

Tensor detail::sum_to(const Tensor& x, const Shape& shape) {
  const Shape from = shape_of(x);
  const int extra = from.rank() - shape.rank();
  std::vector<std::int64_t> gone;
  for (int axis = 0; axis < from.rank(); ++axis)
    if (axis < extra || (shape[axis - extra] == 1 && from[axis] != 1)) gone.push_back(axis);
  return reshape(gone.empty() ? x : sum(x, Axes(gone), true), shape);
}

}  // namespace chainrule
