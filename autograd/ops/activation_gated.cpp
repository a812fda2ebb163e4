// Activations with two operands: glu multiplies the halves of one Tensor, prelu has a trainable slope.
#include "autograd/ops/activation.h"
#include "autograd/ops/activation_loops.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/elementwise_op.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/strided.h"

namespace chainrule {

using namespace detail;

namespace {

// y = x where x > 0, else x·slope.
template <class T>
void prelu_loop(const T* x, std::int64_t step, const T* slope, std::int64_t slope_step, T* y, std::int64_t n) {
  const T zero = 0;
  T above[kActivationBlock];
  for (; n > 0; n -= kActivationBlock) {
    const std::int64_t block = std::min(n, kActivationBlock);
    kernels::elementwise<T>().mul(x, step, slope, slope_step, y, block);
    kernels::elementwise<T>().gt(x, step, &zero, 0, above, block);
    kernels::elementwise<T>().where(above, 1, x, step, y, 1, y, block);
    x += block * step;
    slope += block * slope_step;
    y += block;
  }
}

}  // namespace

Tensor glu(const TensorArg& x, int axis) {
  Node* node = floating_node("glu", x.tensor(), x.line());
  Shape shape = shape_of(node);
  const int at = checked_axis("glu", axis, shape, x.line());
  if (shape[at] % 2 != 0)
    throw_invalid("glu", text("axis ", at, " of shape ", shape, " has size ", shape[at], ", expected an even size"), x.line());
  shape[at] /= 2;
  const std::int64_t half = shape[at];
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("glu", x.line(), node->dtype, shape, inputs, floating([at]<class T>(const OpValues<T>& v) {
                       const Span halves = around(v.out_shape(), at);
                       const std::int64_t run = halves.n * halves.inner;
                       for (std::int64_t o = 0; o < halves.outer && run > 0; ++o) {
                         const T *value = v.in() + 2 * o * run, *gate = value + run;
                         T* to = v.out() + o * run;
                         activation_blocks(run, [&](std::int64_t begin, std::int64_t n) {
                           kernels::elementwise<T>().sigmoid(gate + begin, to + begin, n);
                           kernels::elementwise<T>().mul(value + begin, 1, to + begin, 1, to + begin, n);
                         });
                       }
                     }),
                     [at, half](RuleContext& r) {
                       const Tensor& from = r.input(0);
                       const Tensor value = slice(from, at, 0, half), gate = slice(from, at, half, 2 * half);
                       r.set(0, concat({r.grad_out() * sigmoid(gate), sigmoid_gradient(r.grad_out() * value, gate)}, at));
                     });
}

Tensor prelu(const TensorArg& x, const Tensor& weight) {
  Node *node = floating_node("prelu", x.tensor(), x.line()), *slopes = floating_node("prelu", weight, x.line());
  const Shape shape = shape_of(node);
  const std::int64_t channels = shape.rank() >= 2 ? shape[1] : 1;
  if (slopes->rank > 1 || (slopes->numel != 1 && slopes->numel != channels))
    throw_invalid("prelu",
                  text("the weight has shape ", shape_of(slopes), ", expected [1]", channels == 1 ? "" : text(" or [", channels, "]"),
                       " for x of shape ", shape),
                  x.line());
  const CallerScope caller(x.line());
  Tensor along = weight;
  if (slopes->numel != 1) {
    Shape beside{channels};
    for (int axis = 2; axis < shape.rank(); ++axis) beside.push_back(1);
    along = reshape(weight, beside);
  } else if (slopes->rank > shape.rank()) {
    along = reshape(weight, Shape{});
  }
  return binary(
      "prelu", x.tensor(), along, []<class T>(const kernels::Elementwise<T>&) { return prelu_loop<T>; },
      [](Sides& s) {
        const Tensor above = gt(s.a(), 0);
        if (s.needs_a()) s.set_a(where(above, s.grad_out(), s.grad_out() * s.b()));
        if (s.needs_b()) s.set_b(s.grad_out() * where(above, 0.0, s.a()));
      });
}

}  // namespace chainrule
