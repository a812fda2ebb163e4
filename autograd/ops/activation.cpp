#include "autograd/ops/activation.h"

#include "autograd/kernels/softmax.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/elementwise_op.h"
#include "autograd/ops/index.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/loss.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"

namespace chainrule {

using namespace detail;

namespace {

// The size of the last axis; 1 for a single number.
std::int64_t row_length(const Shape& shape) { return shape.rank() == 0 ? 1 : shape[shape.rank() - 1]; }

// An op along the last axis, by loop(x, rows, row length, y).
template <class Loop, class Rule>
Tensor along_rows(const char* op, const TensorArg& x, Loop loop, const Rule& rule) {
  const Node* node = node_of(x.tensor());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(op, x.line(), node->dtype, Sizes(node), inputs, floating([loop]<class T>(const OpValues<T>& v) {
                       const std::int64_t d = row_length(v.out_shape());
                       if (v.out_numel() > 0) loop(v.in(), v.out_numel() / d, d, v.out());
                     }),
                     rule);
}

// The gradient along the last axis, by loop(incoming gradient, the op's result, rows, row length, gradient).
template <class Loop, class Rule>
Tensor gradient_rows(const char* op, const Tensor& grad, const Tensor& y, Loop loop, const Rule& rule) {
  const Node* node = node_of(grad);
  const Tensor* inputs[] = {&grad, &y};
  return make_result(op, SourceLine::current(), node->dtype, Sizes(node), inputs, floating([loop]<class T>(const OpValues<T>& v) {
                       const std::int64_t d = row_length(v.out_shape());
                       if (v.out_numel() > 0) loop(v.in(0), v.in(1), v.out_numel() / d, d, v.out());
                     }),
                     rule);
}

Axes last_axis(const Tensor& x) { return node_of(x)->rank == 0 ? Axes() : Axes(-1); }

// Moves the axis to the end, applies `rows`, and moves it back.
template <class Rows>
Tensor with_axis_last(const char* op, const TensorArg& x, int axis, Rows rows) {
  Node* node = floating_node(op, x.tensor(), x.line());
  const int rank = node->rank;
  const int at = checked_axis(op, axis, sizes_of(node), x.line(), rank == 0 ? 1 : 0);
  if (rank == 0 || at == rank - 1) return rows(x);
  const CallerScope caller(x.line());
  return transpose(rows(transpose(x, at, -1)), at, -1);
}

// Returns g less its element at the largest y of each row. The sum of y is 1, so sums of this times y keep the digits of 1 - y at a y
// near 1.
Tensor less_at_largest(const Tensor& g, const Tensor& y) {
  const Node* node = node_of(y);
  if (node->rank == 0) return g - g;
  return node->numel == 0 ? g : g - gather(g, -1, argmax(y, -1, true));
}

}  // namespace

Tensor detail::softmax_gradient(const Tensor& grad, const Tensor& y) {
  return gradient_rows(
      "softmax_gradient", grad, y, [](auto... args) { kernels::softmax_gradient_rows(args...); },
      [](RuleContext& r) {
        const Tensor &g = r.grad_out(), &incoming = r.input(0), &result = r.input(1);
        if (r.needs(0)) r.set(0, softmax_gradient(g, result));
        if (r.needs(1)) {
          const Axes axis = last_axis(result);
          // Where the incoming gradient is 0, an undefined result has no effect.
          r.set(1, g * (incoming - sum(weigh(incoming, result), axis, true)) - weigh(incoming, sum(g * result, axis, true)));
        }
      });
}

Tensor softmax(const TensorArg& x, int axis) {
  return with_axis_last("softmax", x, axis, [](const TensorArg& rows) {
    return along_rows(
        "softmax", rows, [](auto... args) { kernels::softmax_rows(args...); },
        [](RuleContext& r) { r.set(0, softmax_gradient(r.grad_out(), r.output())); });
  });
}

namespace {

// The gradient of log_softmax with the result y: grad - exp(y)·sum of grad. Its rule gives the second derivatives.
Tensor log_softmax_gradient(const Tensor& grad, const Tensor& y) {
  return gradient_rows(
      "log_softmax_gradient", grad, y, [](auto... args) { kernels::log_softmax_gradient_rows(args...); },
      [](RuleContext& r) {
        const Tensor &g = r.grad_out(), &incoming = r.input(0), &result = r.input(1);
        const Axes axis = last_axis(result);
        const Tensor p = exp(result);
        if (r.needs(0)) {
          const Tensor less = less_at_largest(g, result);
          r.set(0, less - sum(less * p, axis, true));
        }
        if (r.needs(1)) r.set(1, weigh(-sum(incoming, axis, true), g * p));
      });
}

}  // namespace

Tensor log_softmax(const TensorArg& x, int axis) {
  return with_axis_last("log_softmax", x, axis, [](const TensorArg& rows) {
    return along_rows(
        "log_softmax", rows, [](auto... args) { kernels::log_softmax_rows(args...); },
        [](RuleContext& r) { r.set(0, log_softmax_gradient(r.grad_out(), r.output())); });
  });
}

Tensor detail::relu_gradient(const Tensor& grad, const Tensor& y) {
  return binary(
      "relu_gradient", grad, y, [](const auto& loops) { return loops.threshold; },
      [](Sides& s) {
        if (s.needs_a()) s.set_a(relu_gradient(s.grad_out(), s.b().tensor()));
        // The derivative with respect to y is 0 everywhere.
      });
}

Tensor relu(const TensorArg& x) {
  return unary(
      "relu", x, [](const auto& loops) { return loops.relu; },
      scalar_rule([](auto& r) { r.set(0, relu_gradient(r.grad_out(), r.output())); }));  // grad where y > 0
}

}  // namespace chainrule
