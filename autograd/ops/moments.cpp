// center, var, std and norms: all that is made of differences from a mean or of squares.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/moments.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/reduce_op.h"
#include "autograd/ops/scratch.h"
#include "autograd/ops/strided.h"

namespace chainrule {

using namespace detail;

namespace {

// The reduced axes, and the reduced shape with size 1 for them: captured by rules.
struct Over {
  Shape kept;
  bool gone[Shape::kMaxRank] = {};

  explicit Over(const Reduced& plan) : kept(plan.kept) { std::copy_n(plan.gone, Shape::kMaxRank, gone); }

  // The sum over the reduced axes, which keep size 1.
  Tensor sum(const Tensor& x) const { return chainrule::sum(x, axes(), true); }

  Axes axes() const {
    std::vector<std::int64_t> over;
    for (int axis = 0; axis < kept.rank(); ++axis)
      if (gone[axis]) over.push_back(axis);
    return Axes(over);
  }
};

// The last axes of a shape.
Axes last_axes(int rank, int count) {
  std::vector<std::int64_t> axes;
  for (int axis = rank - count; axis < rank; ++axis) axes.push_back(axis);
  return Axes(axes);
}

int gone_count(const Reduced& plan) { return static_cast<int>(std::count(plan.gone, plan.gone + Shape::kMaxRank, true)); }

// x - mean of x over neighboring axes. It is its own adjoint: the gradient is centered too.
Tensor center_adjacent(const TensorArg& x, const ReducedAxes& axes) {
  const Node* node = node_of(x.tensor());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("center", x.line(), node->dtype, Sizes(node), inputs, floating([axes]<class T>(const OpValues<T>& v) {
                       if (v.out_numel() == 0) return;
                       const Span span = middle(v.in_shape(), axes, 0);
                       kernels::center(v.in(), span.outer, span.n, span.inner, v.out());
                     }),
                     [axes](RuleContext& r) { r.set(0, center_adjacent(r.grad_out(), axes)); });
}

// What is computed of the mean of squares, where the divisor of the mean need not be the number of elements.
struct Squares {
  double divisor;
  bool root = false;  // the root of the mean and epsilon, instead of the mean
  double epsilon = 0;
};

// Zeros of the shape of x: the gradient of a norm where it is 0. A second derivative does not exist there, not even of a function whose own
// gradient is 0, such as the square of the norm: it is NaN for all elements of a norm of whose gradient one is used.
Tensor gradient_at_apex(const char* op, const Tensor& x, const Over& over) {
  const Node* node = node_of(x);
  const Tensor* inputs[] = {&x};
  return make_result(op, SourceLine::current(), node->dtype, Sizes(node), inputs,
                     floating([]<class T>(const OpValues<T>& v) { std::fill_n(v.out(), v.out_numel(), T{0}); }), [over](RuleContext& r) {
                       const Tensor used = ne(over.sum(abs(r.grad_out())), 0);
                       r.set(0, broadcast_to(where(used, std::numeric_limits<double>::quiet_NaN(), used), r.input_shape(0)));
                     });
}

// grad / divisor · x / y, and 0 where y is 0: the gradient of a root of squares y in one loop. If a factor grad / divisor / y overflows or
// underflows, x is divided by y first.
Tensor root_gradient(const Tensor& x, const Tensor& y, const Tensor& grad, double divisor) {
  const Node* node = node_of(x);
  const Tensor* inputs[] = {&x, &y, &grad};
  return make_result("root_gradient", SourceLine::current(), node->dtype, Sizes(node), inputs,
                     floating([divisor]<class T>(const OpValues<T>& v) {
                       const T share = static_cast<T>(1 / divisor), *const roots = v.in(1), *const g = v.in(2);
                       Scratch<T> scratch(v.in_numel(1));
                       T* const factors = scratch.data();
                       bool fits = true;
                       for (std::int64_t i = 0; i < v.in_numel(1); ++i) {
                         factors[i] = roots[i] == 0 ? T{0} : g[i] * share / roots[i];
                         fits = fits && (factors[i] == 0 ? g[i] == 0 || roots[i] == 0 : std::isnormal(factors[i]));
                       }
                       broadcast_runs<2>(v.out_shape(), {v.in_shape(0), v.in_shape(1)},
                                         [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
                                           const T* const from = v.in(0) + offsets[0];
                                           T* const to = v.out() + begin;
                                           if (fits) return kernels::elementwise<T>().mul(from, 1, factors + offsets[1], steps[1], to, n);
                                           for (std::int64_t i = 0; i < n; ++i) {
                                             const std::int64_t at = offsets[1] + i * steps[1];
                                             to[i] = roots[at] == 0 ? T{0} : from[i] / roots[at] * (g[at] * share);
                                           }
                                         });
                     }),
                     kNoRule);
}

// The mean of squares, or its root, over neighboring axes.
Tensor squares_adjacent(const char* op, const TensorArg& x, const Reduced& plan, bool keepdim, const Squares& what) {
  const Node* node = node_of(x.tensor());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(op, x.line(), node->dtype, keepdim ? plan.kept : plan.without, inputs,
                     floating([axes = plan.axes(), what]<class T>(const OpValues<T>& v) {
                       const Span span = middle(v.in_shape(), axes, v.out_numel());
                       if (what.root) {
                         kernels::root_of_squares(v.in(), span.outer, span.n, span.inner, what.divisor, what.epsilon, v.out());
                       } else {
                         kernels::mean_of_squares(v.in(), span.outer, span.n, span.inner, what.divisor, v.out());
                       }
                     }),
                     [over = Over(plan), what](RuleContext& r) {
                       const Tensor& from = r.input(0);
                       if (!what.root) {
                         r.set(0, reshape(r.grad_out() * (2 / what.divisor), over.kept) * from);
                         return;
                       }
                       const Tensor y = reshape(r.output(), over.kept), g = reshape(r.grad_out(), over.kept);
                       if (!r.in_ops()) {
                         r.set(0, root_gradient(from, y, g, what.divisor));
                         return;
                       }
                       const Tensor apex = eq(y, 0);
                       r.set(0, where(apex, gradient_at_apex(r.op(), from, over), from / where(apex, 1.0, y) * (g / what.divisor)));
                     });
}

// The same over any axes: those that are not neighbors are moved to the end.
Tensor squares_over(const char* op, const TensorArg& x, const Reduced& plan, bool keepdim, const Squares& what) {
  if (adjacent(plan, shape_of(x.tensor()))) return squares_adjacent(op, x, plan, keepdim, what);
  const Tensor arranged = permute(x, gone_last(plan, plan.kept.rank()).axes());
  const Node* node = node_of(arranged);
  const Tensor y = squares_adjacent(op, arranged, reduced(op, node, last_axes(node->rank, gone_count(plan)), x.line()), false, what);
  return keepdim ? reshape(y, plan.kept) : y;
}

Tensor center_over(const TensorArg& x, const Reduced& plan) {
  if (adjacent(plan, shape_of(x.tensor()))) return center_adjacent(x, plan.axes());
  const AxisOrder order = gone_last(plan, plan.kept.rank());
  const Tensor arranged = permute(x, order.axes());
  const Node* node = node_of(arranged);
  const Reduced last = reduced("center", node, last_axes(node->rank, gone_count(plan)), x.line());
  return permute(center_adjacent(arranged, last.axes()), order.inverse());
}

// var and std: of the differences from the mean.
Tensor spread_of(const char* op, const TensorArg& x, const Axes& axes, bool keepdim, double correction, bool root) {
  const Node* node = floating_node(op, x.tensor(), x.line());
  const Reduced plan = reduced(op, node, axes, x.line());
  if (std::isnan(correction)) throw_invalid(op, "the correction is NaN, expected a number", x.line());
  const double divisor = std::max(0.0, static_cast<double>(plan.count) - correction);
  const CallerScope caller(x.line());
  return squares_over(op, center_over(x, plan), plan, keepdim, {.divisor = divisor, .root = root});
}

}  // namespace

Tensor center(const TensorArg& x, const Axes& axes) {
  const Node* node = floating_node("center", x.tensor(), x.line());
  const Reduced plan = reduced("center", node, axes, x.line());
  const CallerScope caller(x.line());
  return center_over(x, plan);
}

Tensor squared_norm(const TensorArg& x, const Axes& axes, bool keepdim) {
  const Node* node = floating_node("squared_norm", x.tensor(), x.line());
  const Reduced plan = reduced("squared_norm", node, axes, x.line());
  const CallerScope caller(x.line());
  return squares_over("squared_norm", x, plan, keepdim, {.divisor = 1});
}

Tensor root_mean_square(const TensorArg& x, const Axes& axes, bool keepdim, double epsilon) {
  const Node* node = floating_node("root_mean_square", x.tensor(), x.line());
  const Reduced plan = reduced("root_mean_square", node, axes, x.line());
  if (!(epsilon >= 0)) throw_invalid("root_mean_square", text("epsilon is ", epsilon, ", expected 0 or more"), x.line());
  const CallerScope caller(x.line());
  return squares_over("root_mean_square", x, plan, keepdim, {.divisor = static_cast<double>(plan.count), .root = true, .epsilon = epsilon});
}

Tensor var(const TensorArg& x, const Axes& axes, bool keepdim, double correction) {
  return spread_of("var", x, axes, keepdim, correction, false);
}

Tensor std(const TensorArg& x, const Axes& axes, bool keepdim, double correction) {
  return spread_of("std", x, axes, keepdim, correction, true);
}

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The p-norm for p other than 2. Powers are those of |x| / scale, where the scale is the largest |x| (for p < 0 the smallest), so that they
// neither overflow nor underflow together.
Tensor norm_value(const Tensor& x, double p, const Over& over) {
  if (p == 0) return over.sum(ne(x, 0));
  const Tensor sizes = abs(x);
  if (p == 1) return over.sum(sizes);
  if (p == kInfinity) return max(sizes, over.axes(), true);
  if (p == -kInfinity) return min(sizes, over.axes(), true);
  if (node_of(x)->numel == 0) return zeros(over.kept, node_of(x)->dtype);
  const Tensor extreme = p > 0 ? max(sizes, over.axes(), true) : min(sizes, over.axes(), true);
  const Tensor scale = where(logical_or(eq(extreme, 0), isinf(extreme)), 1.0, extreme);
  return pow(over.sum(pow(sizes / scale, p)), 1 / p) * scale;
}

}  // namespace

Tensor norm(const TensorArg& x, double p, const Axes& axes, bool keepdim) {
  const Node* node = floating_node("norm", x.tensor(), x.line());
  if (std::isnan(p)) throw_invalid("norm", "p is NaN, expected a number", x.line());
  const Reduced plan = reduced("norm", node, axes, x.line());
  if ((std::isinf(p) || p < 0) && plan.count == 0)
    throw_invalid("norm", text("the reduced axes of shape ", shape_of(node), " have no elements, expected at least one for p = ", p),
                  x.line());
  const CallerScope caller(x.line());
  if (p == 2) return squares_over("norm", x, plan, keepdim, {.divisor = 1, .root = true});
  const Over over(plan);
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("norm", x.line(), node->dtype, keepdim ? plan.kept : plan.without, inputs,
                     by_ops([over, p](const OpContext& context) { return norm_value(context.input(0), p, over); }),
                     [over, p](RuleContext& r) {
                       const Tensor& from = r.input(0);
                       const Tensor g = reshape(r.grad_out(), over.kept);
                       if (p == 0) {
                         r.set(0, zeros(r.input_shape(0), r.input_dtype(0)));
                       } else if (p == 1) {
                         r.set(0, g * sign(from));
                       } else if (std::isinf(p)) {
                         const Tensor extreme = eq(abs(from), reshape(r.output(), over.kept));
                         r.set(0, sign(from) * (extreme * (g / over.sum(extreme))));
                       } else {
                         // sign(x) · (|x| / norm)^(p-1), with 0 for 0/0: neither the norm nor an element is divided by, or raised to a
                         // power, where it is 0.
                         const Tensor y = reshape(r.output(), over.kept), apex = eq(y, 0);
                         const Tensor zero = eq(from, 0), ratio = where(zero, 1.0, abs(from) / where(apex, 1.0, y));
                         Tensor slope = sign(from) * pow(ratio, p - 1);
                         // |x|^p has the second derivative inf at 0, as the square root has the first; adding 0 makes 0 of -0.
                         if (r.in_ops() && p > 1 && p < 2) slope = where(zero, sqrt(where(zero, from, 1.0) + 0.0), slope);
                         slope = slope * g;
                         r.set(0, r.in_ops() ? where(apex, gradient_at_apex("norm", from, over), slope) : where(apex, 0.0, slope));
                       }
                     });
}

}  // namespace chainrule
