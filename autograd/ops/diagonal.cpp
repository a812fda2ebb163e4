// diag, trace, tril and triu.
#include <algorithm>
#include <cstdlib>

#include "autograd/ops/linalg.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/strided.h"

namespace chainrule {

using namespace detail;

namespace {

// The k-th diagonal of an [n, m] matrix: the offset of its first element, the distance between elements, and its length.
struct Diagonal {
  std::int64_t start = 0, step = 1, length = 0;

  Diagonal(std::int64_t n, std::int64_t m, std::int64_t k) : step(m + 1) {
    if (k >= m || -k >= n) return;
    start = k >= 0 ? k : -k * m;
    length = k >= 0 ? std::min(n, m - k) : std::min(n + k, m);
  }
};

Tensor put_diagonal(const TensorArg& x, const Shape& shape, std::int64_t k);

Tensor take_diagonal(const TensorArg& x, std::int64_t k) {
  const Node* node = node_of(x.tensor());
  const Diagonal diagonal(node->sizes()[0], node->sizes()[1], k);
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("diag", x.line(), node->dtype, Shape{diagonal.length}, inputs,
                     by_width([diagonal]<class Word>(const OpValues<Word>& v) {
                       const Word* const from = v.in() + diagonal.start;
                       for (std::int64_t i = 0; i < diagonal.length; ++i) v.out()[i] = from[i * diagonal.step];
                     }),
                     [k](RuleContext& r) { r.set(0, put_diagonal(r.grad_out(), r.input_shape(0), k)); });
}

// Zeros of a shape with x on the k-th diagonal.
Tensor put_diagonal(const TensorArg& x, const Shape& shape, std::int64_t k) {
  const Diagonal diagonal(shape[0], shape[1], k);
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("diag", x.line(), node_of(x.tensor())->dtype, shape, inputs, by_width([diagonal]<class Word>(const OpValues<Word>& v) {
                       Word* const to = v.out();
                       std::fill_n(to, v.out_numel(), Word{0});
                       for (std::int64_t i = 0; i < diagonal.length; ++i) to[diagonal.start + i * diagonal.step] = v.in()[i];
                     }),
                     [k](RuleContext& r) { r.set(0, take_diagonal(r.grad_out(), k)); });
}

// x with 0 above (or, with `upper`, below) the k-th diagonal of its last two axes.
Tensor triangle(const char* op, const TensorArg& x, std::int64_t k, bool upper) {
  const Node* node = defined_node(op, x.tensor(), x.line());
  const Shape shape = shape_of(node);
  if (shape.rank() < 2) throw_invalid(op, text("got shape ", shape, ", expected rank 2 or more"), x.line());
  const std::int64_t n = shape[shape.rank() - 2], m = shape[shape.rank() - 1];
  const std::int64_t shift = std::clamp(k, -n - 1, m + 1);
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(op, x.line(), node->dtype, shape, inputs, by_width([n, m, shift, upper]<class Word>(const OpValues<Word>& v) {
                       if (v.in_numel() == 0) return;
                       const Word* const from = v.in();
                       Word* const to = v.out();
                       kernels::parallel_pieces(
                           v.in_numel() / m, std::max<std::int64_t>(1, kElementGrain / m), [&](std::int64_t begin, std::int64_t end) {
                             for (std::int64_t row = begin; row < end; ++row) {
                               const std::int64_t first = std::clamp<std::int64_t>(row % n + shift + (upper ? 0 : 1), 0, m);
                               const Word* here = from + row * m;
                               Word* there = to + row * m;
                               std::copy(here + (upper ? first : 0), here + (upper ? m : first), there + (upper ? first : 0));
                               std::fill(there + (upper ? 0 : first), there + (upper ? first : m), Word{0});
                             }
                           });
                     }),
                     [op, shift, upper](RuleContext& r) { r.set(0, triangle(op, r.grad_out(), shift, upper)); });
}

}  // namespace

Tensor trace(const TensorArg& x) {
  Node* node = defined_node("trace", x.tensor(), x.line());
  const Shape shape = shape_of(node);
  if (shape.rank() != 2) throw_invalid("trace", text("got shape ", shape, ", expected rank 2"), x.line());
  const Diagonal diagonal(shape[0], shape[1], 0);
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("trace", x.line(), node->dtype, Shape{}, inputs, any_dtype([diagonal]<class T>(const OpValues<T>& v) {
                       using Total = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
                       Total total{0};
                       for (std::int64_t i = 0; i < diagonal.length; ++i) total += static_cast<Total>(v.in()[i * diagonal.step]);
                       *v.out() = static_cast<T>(total);
                     }),
                     [length = diagonal.length](RuleContext& r) {
                       r.set(0, put_diagonal(broadcast_to(r.grad_out(), Shape{length}), r.input_shape(0), 0));
                     });
}

Tensor diag(const TensorArg& x, std::int64_t k) {
  Node* node = defined_node("diag", x.tensor(), x.line());
  const Shape shape = shape_of(node);
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (k > kMost || k < -kMost) throw_invalid("diag", text("k is ", k, ", which is too large"), x.line());
  if (shape.rank() == 2) return take_diagonal(x, k);
  if (shape.rank() != 1) throw_invalid("diag", text("got shape ", shape, ", expected rank 1 or 2"), x.line());
  const std::int64_t n = shape[0] + std::abs(k);
  return put_diagonal(x, Shape{n, n}, k);
}

Tensor tril(const TensorArg& x, std::int64_t k) { return triangle("tril", x, k, false); }
Tensor triu(const TensorArg& x, std::int64_t k) { return triangle("triu", x, k, true); }

}  // namespace chainrule
