#include "autograd/ops/loss.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/reduce.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

// Room for n values: few on the stack, more in a buffer of the pool.
template <class T>
class Scratch {
 public:
  Scratch(std::int64_t n, DType dtype) {
    if (n > kFew) many_ = make_plain(dtype, Shape{n});
    data_ = n > kFew ? mutable_values<T>(many_) : few_.data();
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  T* data() noexcept { return data_; }

 private:
  static constexpr std::int64_t kFew = 256;
  std::array<T, kFew> few_;
  Tensor many_;
  T* data_;
};

template <class T>
T mean_of(const T* values, std::int64_t n) {
  T sum;
  kernels::reduce(kernels::Reduction::sum, values, 1, n, 1, &sum);
  return sum / static_cast<T>(n);
}

// 2·grad/n·(left - right): how the mean of n squares changes with the left side, grad being one number.
Tensor squares_gradient(const Tensor& left, const Tensor& right, const Tensor& grad) {
  Node* node = node_of(left);
  const Tensor* inputs[] = {&left, &right, &grad};
  Tensor y = make_result("squares_gradient", SourceLine::current(), node->dtype, Sizes(node), inputs, [](RuleContext& r) {
    const Tensor &incoming = r.grad_out(), &a = r.input(0), &b = r.input(1), &g = r.input(2);
    const double share = 2.0 / static_cast<double>(node_of(a)->numel);
    if (r.needs(0) || r.needs(1)) {
      const Tensor slope = incoming * (g * share);
      if (r.needs(0)) r.set(0, slope);
      if (r.needs(1)) r.set(1, neg(slope));
    }
    if (r.needs(2)) r.set(2, sum(incoming * (a - b)) * share);
  });
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto& loops = kernels::elementwise<T>();
    const T factor = *values<T>(grad) / static_cast<T>(node->numel) * T{2};
    const T *from_a = node->values<T>(), *from_b = values<T>(right);
    T* to = mutable_values<T>(y);
    kernels::parallel_pieces(node->numel, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      loops.sub(from_a + begin, 1, from_b + begin, 1, to + begin, end - begin);
      loops.mul(to + begin, 1, &factor, 0, to + begin, end - begin);
    });
  });
  return done(std::move(y));
}

// grad/n·(softmax(logits) - one hot classes), grad being one number: how the mean of n rows' cross-entropies changes with the logits.
// `normalizers` [2, n] is what forward computed of each row: what is subtracted before exp, and the logarithm of the sum.
Tensor cross_entropy_gradient(const Tensor& logits, const Tensor& classes, const Tensor& normalizers, const Tensor& grad) {
  Node* node = node_of(logits);
  const Tensor* inputs[] = {&logits, &classes, &grad};
  Tensor y = make_result("cross_entropy_gradient", SourceLine::current(), node->dtype, Sizes(node), inputs, [](RuleContext& r) {
    const Tensor &x = r.input(0), &labels = r.input(1), &g = r.input(2);
    const std::int64_t n = shape_of(x)[0];
    const Tensor p = softmax(x, 1), weighted = r.grad_out() * p;
    if (r.needs(0)) r.set(0, (weighted - p * sum(weighted, 1, true)) * (g / static_cast<double>(n)));
    if (r.needs(2)) r.set(2, (sum(weighted) - sum(gather(r.grad_out(), 1, reshape(labels, Shape{n, 1})))) / static_cast<double>(n));
  });
  if (node->numel == 0) return done(std::move(y));
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t n = node->sizes()[0];
    const T* of_rows = values<T>(normalizers);
    kernels::cross_entropy_gradient_rows(node->values<T>(), values<std::int64_t>(classes), of_rows, of_rows + n,
                                         *values<T>(grad) / static_cast<T>(n), n, node->sizes()[1], mutable_values<T>(y));
  });
  return done(std::move(y));
}

}  // namespace

Tensor mean_squared_difference(const TensorArg& a, const Tensor& b) {
  Node *node = floating_node("mean_squared_difference", a.tensor(), a.line()),
       *other = defined_node("mean_squared_difference", b, a.line());
  if (node->dtype != other->dtype || Sizes(node) != Sizes(other))
    throw_invalid("mean_squared_difference",
                  text("rhs is ", other->dtype, shape_of(other), ", expected ", node->dtype, shape_of(node), " like lhs"), a.line());
  const Tensor* inputs[] = {&a.tensor(), &b};
  Tensor y = make_result("mean_squared_difference", a.line(), node->dtype, Shape{}, inputs, [](RuleContext& r) {
    const Tensor slope = squares_gradient(r.input(0), r.input(1), r.grad_out());
    if (r.needs(1)) r.set(1, neg(slope));
    if (r.needs(0)) r.set(0, slope);
  });
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const auto& loops = kernels::elementwise<T>();
    const T *from_a = node->values<T>(), *from_b = values<T>(b);
    Scratch<T> squares(node->numel, node->dtype);
    kernels::parallel_pieces(node->numel, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
      loops.sub(from_a + begin, 1, from_b + begin, 1, squares.data() + begin, end - begin);
      loops.square(squares.data() + begin, squares.data() + begin, end - begin);
    });
    *mutable_values<T>(y) = mean_of(squares.data(), node->numel);
  });
  return done(std::move(y));
}

Tensor mean_cross_entropy(const TensorArg& logits, const Tensor& labels) {
  Node *node = floating_node("mean_cross_entropy", logits.tensor(), logits.line()),
       *classes = defined_node("mean_cross_entropy", labels, logits.line());
  if (node->rank != 2)
    throw_invalid("mean_cross_entropy", text("the logits have shape ", shape_of(node), ", expected [n, classes]"), logits.line());
  if (classes->dtype != DType::int64 || classes->rank != 1 || classes->numel != node->sizes()[0])
    throw_invalid("mean_cross_entropy",
                  text("the labels are ", classes->dtype, shape_of(classes), ", expected int64", Shape{node->sizes()[0]}), logits.line());
  for (const std::int64_t label : std::span(classes->values<std::int64_t>(), static_cast<std::size_t>(classes->numel)))
    if (label < 0 || label >= node->sizes()[1])
      throw_invalid("mean_cross_entropy", text("label ", label, " is outside 0 to ", node->sizes()[1] - 1), logits.line());
  const Tensor normalizers = make_plain(node->dtype, Shape{2, node->sizes()[0]});
  const Tensor* inputs[] = {&logits.tensor(), &labels, &normalizers};
  Tensor y = make_result("mean_cross_entropy", logits.line(), node->dtype, Shape{}, inputs,
                         [](RuleContext& r) { r.set(0, cross_entropy_gradient(r.input(0), r.input(1), r.input(2), r.grad_out())); });
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t n = node->sizes()[0];
    Scratch<T> at_labels(n, node->dtype);
    T* of_rows = mutable_values<T>(normalizers);
    kernels::log_softmax_at(node->values<T>(), values<std::int64_t>(labels), n, node->sizes()[1], at_labels.data(), of_rows, of_rows + n);
    *mutable_values<T>(y) = -mean_of(at_labels.data(), n);
  });
  return done(std::move(y));
}

}  // namespace chainrule
