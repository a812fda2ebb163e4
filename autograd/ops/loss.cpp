#include "autograd/ops/loss.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/moments.h"
#include "autograd/kernels/softmax.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/scratch.h"
#include "autograd/ops/shape.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

// weight · x, and 0 where the weight is 0; without a branch on values, which compilers do not vectorize.
template <class T>
T weighed(T weight, T x) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<T>(std::bit_cast<Bits>(weight * x) & (Bits{0} - Bits{weight != 0}));
}

template <class T>
T mean_of(const T* values, std::int64_t n) {
  T mean;
  kernels::mean(values, 1, n, 1, &mean);
  return mean;
}

// 2·grad/n·(left - right): the gradient of the mean of n squared differences with respect to `left`. `grad` is a single number.
Tensor squares_gradient(const Tensor& left, const Tensor& right, const Tensor& grad) {
  const Node* node = node_of(left);
  const Tensor* inputs[] = {&left, &right, &grad};
  return make_result("squares_gradient", SourceLine::current(), node->dtype, Sizes(node), inputs,
                     floating([]<class T>(const OpValues<T>& v) {
                       const auto& loops = kernels::elementwise<T>();
                       const T factor = *v.in(2) / static_cast<T>(v.out_numel()) * T{2};
                       const T *const a = v.in(0), *const b = v.in(1);
                       T* const y = v.out();
                       kernels::parallel_pieces(v.out_numel(), kElementGrain, [&](std::int64_t begin, std::int64_t end) {
                         loops.sub(a + begin, 1, b + begin, 1, y + begin, end - begin);
                         loops.mul(y + begin, 1, &factor, 0, y + begin, end - begin);
                       });
                     }),
                     [](RuleContext& r) {
                       const Tensor &incoming = r.grad_out(), &a = r.input(0), &b = r.input(1), &g = r.input(2);
                       const double share = 2.0 / static_cast<double>(node_of(a)->numel);
                       if (r.needs(0) || r.needs(1)) {
                         const Tensor slope = incoming * (g * share);
                         if (r.needs(0)) r.set(0, slope);
                         if (r.needs(1)) r.set(1, neg(slope));
                       }
                       if (r.needs(2)) r.set(2, sum(incoming * (a - b)) * share);
                     });
}

// grad/n·(softmax(logits) - one_hot(classes)): the gradient of the mean cross-entropy of n rows with respect to the logits. `grad` is a
// single number. `normalizers` [2, n] was computed in the forward pass for each row: the number subtracted before exp, and the logarithm of
// the sum of the exponentials.
Tensor cross_entropy_gradient(const Tensor& logits, const Tensor& classes, const Tensor& normalizers, const Tensor& grad) {
  const Node* node = node_of(logits);
  const Tensor* inputs[] = {&logits, &classes, &grad, &normalizers};
  return make_result("cross_entropy_gradient", SourceLine::current(), node->dtype, Sizes(node), inputs,
                     floating([]<class T>(const OpValues<T>& v) {
                       if (v.out_numel() == 0) return;
                       const Shape shape = v.out_shape();
                       const std::int64_t n = shape[0];
                       const T* const of_rows = v.in(3);
                       kernels::cross_entropy_gradient_rows(v.in(0), v.indices(1), of_rows, of_rows + n, *v.in(2) / static_cast<T>(n), n,
                                                            shape[1], v.out());
                     }),
                     [](RuleContext& r) {
                       const Tensor &x = r.input(0), &labels = r.input(1), &g = r.input(2);
                       const std::int64_t n = shape_of(x)[0];
                       const Tensor p = softmax(x, 1);
                       if (r.needs(0)) r.set(0, weigh(g / static_cast<double>(n), softmax_gradient(r.grad_out(), p)));
                       if (r.needs(2)) {  // the sum of p is 1: each row of grad_out less that at its label
                         const Tensor less = r.grad_out() - gather(r.grad_out(), 1, reshape(labels, Shape{n, 1}));
                         r.set(2, sum(less * p) / static_cast<double>(n));
                       }
                     });
}

}  // namespace

Tensor weigh(const TensorArg& weight, const Tensor& x) {
  const Node *node = floating_node("weigh", weight.tensor(), weight.line()), *other = defined_node("weigh", x, weight.line());
  if (node->dtype != other->dtype)
    throw_invalid("weigh", text("x is ", other->dtype, ", expected ", node->dtype, " like the weight"), weight.line());
  const Shape shape = broadcast_shapes("weigh", shape_of(node), shape_of(other), weight.line());
  const Tensor* inputs[] = {&weight.tensor(), &x};
  return make_result("weigh", weight.line(), node->dtype, shape, inputs, floating([]<class T>(const OpValues<T>& v) {
                       broadcast_runs<2>(v.out_shape(), {v.in_shape(0), v.in_shape(1)},
                                         [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
                                           const T *w = v.in(0) + offsets[0], *from = v.in(1) + offsets[1];
                                           T* __restrict const to = v.out() + begin;
                                           if (steps[0] == 1 && steps[1] == 1) {
                                             for (std::int64_t i = 0; i < n; ++i) to[i] = weighed(w[i], from[i]);
                                           } else {
                                             for (std::int64_t i = 0; i < n; ++i) to[i] = weighed(w[i * steps[0]], from[i * steps[1]]);
                                           }
                                         });
                     }),
                     [](RuleContext& r) {
                       if (r.needs(0)) r.set(0, weigh(r.grad_out(), r.input(1)));
                       if (r.needs(1)) r.set(1, weigh(r.input(0), r.grad_out()));
                     },
                     {.broadcasts = true});
}

Tensor mean_squared_difference(const TensorArg& a, const Tensor& b) {
  Node *node = floating_node("mean_squared_difference", a.tensor(), a.line()),
       *other = defined_node("mean_squared_difference", b, a.line());
  if (node->dtype != other->dtype || Sizes(node) != Sizes(other))
    throw_invalid("mean_squared_difference",
                  text("rhs is ", other->dtype, shape_of(other), ", expected ", node->dtype, shape_of(node), " like lhs"), a.line());
  const Tensor* inputs[] = {&a.tensor(), &b};
  return make_result("mean_squared_difference", a.line(), node->dtype, Shape{}, inputs, floating([]<class T>(const OpValues<T>& v) {
                       const auto& loops = kernels::elementwise<T>();
                       const T *const left = v.in(0), *const right = v.in(1);
                       Scratch<T> squares(v.in_numel());
                       kernels::parallel_pieces(v.in_numel(), kElementGrain, [&](std::int64_t begin, std::int64_t end) {
                         loops.sub(left + begin, 1, right + begin, 1, squares.data() + begin, end - begin);
                         loops.square(squares.data() + begin, squares.data() + begin, end - begin);
                       });
                       *v.out() = mean_of(squares.data(), v.in_numel());
                     }),
                     [](RuleContext& r) {
                       const Tensor slope = squares_gradient(r.input(0), r.input(1), r.grad_out());
                       if (r.needs(1)) r.set(1, neg(slope));
                       if (r.needs(0)) r.set(0, slope);
                     });
}

Tensor mean_cross_entropy(const TensorArg& logits, const Tensor& labels) {
  Node *node = floating_node("mean_cross_entropy", logits.tensor(), logits.line()),
       *classes = defined_node("mean_cross_entropy", labels, logits.line());
  if (node->rank != 2)
    throw_invalid("mean_cross_entropy", text("the logits have shape ", shape_of(node), ", expected [n, classes]"), logits.line());
  if (classes->dtype != DType::int64 || classes->rank != 1 || classes->numel != node->sizes()[0])
    throw_invalid("mean_cross_entropy",
                  text("the labels are ", classes->dtype, shape_of(classes), ", expected int64", Shape{node->sizes()[0]}), logits.line());
  const Tensor* inputs[] = {&logits.tensor(), &labels};
  const Tensor normalizers[] = {make_plain(node->dtype, Shape{2, node->sizes()[0]})};
  return make_results("mean_cross_entropy", logits.line(), node->dtype, Shape{}, inputs, normalizers,
                      floating([]<class T>(const OpValues<T>& v) {
                        const Shape shape = v.in_shape(0);
                        const std::int64_t n = shape[0], size = shape[1];
                        const std::int64_t* const label = v.indices(1);
                        for (std::int64_t i = 0; i < n; ++i)
                          if (label[i] < 0 || label[i] >= size) v.fail("label ", label[i], " is outside 0 to ", size - 1);
                        Scratch<T> at_labels(n);
                        T* const of_rows = v.saved_values(0);
                        kernels::log_softmax_at(v.in(0), label, n, size, at_labels.data(), of_rows, of_rows + n);
                        *v.out() = -mean_of(at_labels.data(), n);
                      }),
                      [](RuleContext& r) { r.set(0, cross_entropy_gradient(r.input(0), r.input(1), r.saved(0), r.grad_out())); });
}

}  // namespace chainrule
