#include "autograd/ops/linalg.h"

#include <algorithm>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/gemm.h"
#include "autograd/kernels/linear.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

Shape batch_of(const Shape& shape) { return Shape(shape.begin(), shape.rank() - 2); }

[[noreturn]] void throw_inner(const Shape& a, const Shape& b, std::int64_t k, const SourceLine& line) {
  const std::string expected = b.rank() == 1 ? text("[", k, "]") : b.rank() == 2 ? text("[", k, ", m]") : text("[..., ", k, ", m]");
  throw_invalid("matmul", text("rhs has shape ", b, ", expected ", expected, " to match lhs ", a), line);
}

// Batched product of the last two axes; `shape` is the result's.
template <class T>
void multiply(Node* a, bool transpose_a, Node* b, bool transpose_b, std::int64_t n, std::int64_t m, std::int64_t k, const Shape& batch,
              T* y) {
  const T *from_a = a->values<T>(), *from_b = b->values<T>();
  if (batch.numel() == 1) return kernels::gemm(transpose_a, transpose_b, n, m, k, from_a, from_b, T{0}, y);
  broadcast_runs<2>(batch, {batch_of(shape_of(a)), batch_of(shape_of(b))},
                    [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t count) {
                      for (std::int64_t i = 0; i < count; ++i)
                        kernels::gemm(transpose_a, transpose_b, n, m, k, from_a + (offsets[0] + i * steps[0]) * n * k,
                                      from_b + (offsets[1] + i * steps[1]) * k * m, T{0}, y + (begin + i) * n * m);
                    });
}

}  // namespace

Tensor detail::matmul_flagged(const TensorArg& a, bool transpose_a, const Tensor& b, bool transpose_b) {
  Node *left = node_of(a.tensor()), *right = node_of(b);
  const std::int64_t *end_a = left->sizes() + left->rank, *end_b = right->sizes() + right->rank;
  const std::int64_t n = end_a[transpose_a ? -1 : -2], k = end_a[transpose_a ? -2 : -1], m = end_b[transpose_b ? -2 : -1];
  if (end_b[transpose_b ? -1 : -2] != k) throw_inner(shape_of(left), shape_of(right), k, a.line());
  Shape batch;
  if (left->rank > 2 || right->rank > 2) batch = broadcast_shapes("matmul", batch_of(shape_of(left)), batch_of(shape_of(right)), a.line());
  Shape shape = batch;
  shape.push_back(n);
  shape.push_back(m);
  const Tensor* inputs[] = {&a.tensor(), &b};
  Tensor y = make_result(
      "matmul", a.line(), left->dtype, shape, inputs,
      [transpose_a, transpose_b](RuleContext& r) {
        const Tensor& g = r.grad_out();
        // With C = A·B: gA = g·Bᵀ and gB = Aᵀ·g; a stored transpose turns the product round instead of copying.
        if (r.needs(0)) {
          r.set(0, transpose_a ? matmul_flagged(r.input(1), transpose_b, g, true) : matmul_flagged(g, false, r.input(1), !transpose_b));
        }
        if (r.needs(1)) {
          r.set(1, transpose_b ? matmul_flagged(g, true, r.input(0), transpose_a) : matmul_flagged(r.input(0), !transpose_a, g, false));
        }
      },
      {.broadcasts = true});
  visit_floating(left->dtype, [&](auto zero) {
    using T = decltype(zero);
    multiply(left, transpose_a, right, transpose_b, n, m, k, batch, mutable_values<T>(y));
  });
  return done(y);
}

Tensor matmul(const TensorArg& a, const Tensor& b) {
  Node *left = floating_node("matmul", a.tensor(), a.line()), *right = floating_node("matmul", b, a.line());
  if (left->dtype != right->dtype)
    throw_invalid("matmul", text("lhs is ", left->dtype, " and rhs is ", right->dtype, ", expected one dtype: convert one with to()"),
                  a.line());
  if (left->rank == 0 || right->rank == 0)
    throw_invalid("matmul", text(left->rank == 0 ? "lhs" : "rhs", " has rank 0, expected at least 1: multiply by a number with *"),
                  a.line());
  if (left->rank >= 2 && right->rank >= 2) return matmul_flagged(a, false, b, false);
  const std::int64_t k = left->sizes()[left->rank - 1];
  if (right->sizes()[right->rank == 1 ? 0 : right->rank - 2] != k) throw_inner(shape_of(left), shape_of(right), k, a.line());
  const CallerScope caller(a.line());
  const Tensor rows = left->rank == 1 ? unsqueeze(a, 0) : a.tensor(), columns = right->rank == 1 ? unsqueeze(b, 1) : b;
  Tensor y = matmul_flagged(rows, false, columns, false);
  Shape shape = shape_of(y);
  if (right->rank == 1) shape.erase(shape.rank() - 1);
  if (left->rank == 1) shape.erase(shape.rank() - (right->rank == 1 ? 1 : 2));
  return reshape(y, shape);
}

namespace {

// The gradients of linear_op where none is to be differentiated: all that are wanted at once.
void set_linear_gradients(RuleContext& r, const kernels::LinearSizes& sizes, bool relu) {
  const bool has_bias = r.input_count() == 3 && r.needs(2);
  const Tensor gx = r.needs(0) ? make_plain(r.dtype(), r.input_shape(0)) : Tensor();
  const Tensor gw = r.needs(1) ? make_plain(r.dtype(), Shape{sizes.d_in, sizes.d_out}) : Tensor();
  const Tensor gb = has_bias ? make_plain(r.dtype(), Shape{sizes.d_out}) : Tensor();
  const Tensor y = relu ? r.output() : Tensor();
  const Tensor masked = relu ? make_plain(r.dtype(), shape_of(y)) : Tensor();
  visit_floating(r.dtype(), [&](auto zero) {
    using T = decltype(zero);
    const auto room = [](const Tensor& tensor) { return tensor.defined() ? mutable_values<T>(tensor) : nullptr; };
    kernels::linear_gradients<T>(sizes, {.x = r.needs(1) ? values<T>(r.input(0)) : nullptr,
                                         .weight = r.needs(0) ? values<T>(r.input(1)) : nullptr,
                                         .g = values<T>(r.grad_out()),
                                         .gx = room(gx),
                                         .gw = room(gw),
                                         .gb = room(gb),
                                         .y = room(y),
                                         .masked = room(masked)});
  });
  if (r.needs(0)) r.set(0, gx);
  if (r.needs(1)) r.set(1, gw);
  if (has_bias) r.set(2, gb);
}

// The same in ops.
void set_linear_gradients_in_ops(RuleContext& r, const kernels::LinearSizes& sizes, bool relu) {
  const auto [n, d_in, d_out] = sizes;
  const bool flat = r.input_shape(0).rank() == 2;
  const Tensor incoming = relu ? relu_gradient(r.grad_out(), r.output()) : r.grad_out();
  const Tensor g = flat ? incoming : reshape(incoming, Shape{n, d_out});
  if (r.needs(0)) {
    Tensor grad_x = matmul_flagged(g, false, r.input(1), true);
    r.set(0, flat ? std::move(grad_x) : reshape(grad_x, r.input_shape(0)));
  }
  if (r.needs(1)) r.set(1, matmul_flagged(flat ? r.input(0) : reshape(r.input(0), Shape{n, d_in}), true, g, false));
  if (r.input_count() == 3 && r.needs(2)) r.set(2, sum(g, 0));
}

// x·weight + bias, or relu of that.
Tensor linear_op(const char* op, const TensorArg& x, const Tensor& weight, const Tensor& bias, bool relu) {
  const SourceLine& line = x.line();
  Node *input = floating_node(op, x.tensor(), line), *matrix = floating_node(op, weight, line);
  Node* added = bias.defined() ? floating_node(op, bias, line) : nullptr;
  if (matrix->rank != 2) throw_invalid(op, text("weight has shape ", shape_of(matrix), ", expected [d_in, d_out]"), line);
  const std::int64_t d_in = matrix->sizes()[0], d_out = matrix->sizes()[1];
  if (input->rank == 0 || input->sizes()[input->rank - 1] != d_in)
    throw_invalid(op, text("the input has shape ", shape_of(input), ", expected [..., ", d_in, "] to match weight ", shape_of(matrix)),
                  line);
  if (added != nullptr && (added->rank != 1 || added->sizes()[0] != d_out))
    throw_invalid(op, text("bias has shape ", shape_of(added), ", expected [", d_out, "] to match weight ", shape_of(matrix)), line);
  for (Node* other : {matrix, added})
    if (other != nullptr && other->dtype != input->dtype)
      throw_invalid(
          op, text(other == matrix ? "weight" : "bias", " is ", other->dtype, " and the input ", input->dtype, ", expected one dtype"),
          line);
  Shape shape = shape_of(input);
  shape[shape.rank() - 1] = d_out;
  const Tensor* inputs[] = {&x.tensor(), &weight, &bias};
  kernels::LinearSizes sizes{1, d_in, d_out};
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) sizes.n *= shape[axis];
  Tensor y = make_result(op, line, input->dtype, shape, std::span<const Tensor* const>(inputs, added != nullptr ? 3 : 2),
                         [sizes, relu](RuleContext& r) {
                           if (thread_context.grad_enabled || thread_context.anomaly) return set_linear_gradients_in_ops(r, sizes, relu);
                           set_linear_gradients(r, sizes, relu);
                         });
  visit_floating(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    kernels::linear<T>(sizes, input->values<T>(), matrix->values<T>(), added == nullptr ? nullptr : added->values<T>(), relu,
                       mutable_values<T>(y));
  });
  return done(y);
}

}  // namespace

Tensor linear(const TensorArg& x, const Tensor& weight, const Tensor& bias) { return linear_op("linear", x, weight, bias, false); }

Tensor linear_relu(const TensorArg& x, const Tensor& weight, const Tensor& bias) { return linear_op("linear_relu", x, weight, bias, true); }

namespace {

// Checks the operands of a product of two vectors.
void check_vectors(const char* op, Node* a, Node* b, const SourceLine& line) {
  for (Node* node : {a, b})
    if (node->rank != 1) throw_invalid(op, text(node == a ? "lhs" : "rhs", " has shape ", shape_of(node), ", expected one axis"), line);
  if (a->dtype != b->dtype)
    throw_invalid(op, text("lhs is ", a->dtype, " and rhs is ", b->dtype, ", expected one dtype: convert one with to()"), line);
}

}  // namespace

Tensor dot(const TensorArg& a, const Tensor& b) {
  Node *left = floating_node("dot", a.tensor(), a.line()), *right = floating_node("dot", b, a.line());
  check_vectors("dot", left, right, a.line());
  if (left->numel != right->numel)
    throw_invalid("dot", text("rhs has shape ", shape_of(right), ", expected ", shape_of(left), " like lhs"), a.line());
  const Tensor* inputs[] = {&a.tensor(), &b};
  Tensor y = make_result("dot", a.line(), left->dtype, Shape{}, inputs, [](RuleContext& r) {
    if (r.needs(0)) r.set(0, r.grad_out() * r.input(1));
    if (r.needs(1)) r.set(1, r.grad_out() * r.input(0));
  });
  visit_floating(left->dtype, [&](auto zero) {
    using T = decltype(zero);
    kernels::gemm(false, false, 1, 1, left->numel, left->values<T>(), right->values<T>(), T{0}, mutable_values<T>(y));
  });
  return done(y);
}

Tensor outer(const TensorArg& a, const Tensor& b) {
  Node *left = floating_node("outer", a.tensor(), a.line()), *right = floating_node("outer", b, a.line());
  check_vectors("outer", left, right, a.line());
  const std::int64_t n = left->numel, m = right->numel;
  const Tensor* inputs[] = {&a.tensor(), &b};
  Tensor y = make_result("outer", a.line(), left->dtype, Shape{n, m}, inputs, [](RuleContext& r) {
    if (r.needs(0)) r.set(0, matmul(r.grad_out(), r.input(1)));
    if (r.needs(1)) r.set(1, matmul(r.input(0), r.grad_out()));
  });
  visit_floating(left->dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = mutable_values<T>(y);
    kernels::parallel_pieces(n, std::max<std::int64_t>(1, kElementGrain / std::max<std::int64_t>(m, 1)),
                             [&](std::int64_t begin, std::int64_t end) {
                               for (std::int64_t i = begin; i < end; ++i)
                                 kernels::elementwise<T>().mul(left->values<T>() + i, 0, right->values<T>(), 1, to + i * m, m);
                             });
  });
  return done(y);
}

Tensor Tensor::matmul(const Tensor& other, SourceLine line) const { return chainrule::matmul(TensorArg(*this, line), other); }

}  // namespace chainrule
