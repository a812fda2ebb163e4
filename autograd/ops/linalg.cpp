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
#include "autograd/ops/scratch.h"
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

// The product of the last two axes for each matrix of the batch: [n, k] times [k, m].
struct ProductSizes {
  std::int64_t n, m, k;
};
template <class T>
void multiply(const OpValues<T>& v, bool transpose_a, bool transpose_b, const ProductSizes& sizes) {
  if (v.out_numel() == 0) return;
  const auto [n, m, k] = sizes;
  const Shape batch = batch_of(v.out_shape());
  const T *const a = v.in(0), *const b = v.in(1);
  T* const y = v.out();
  if (batch.numel() == 1) return kernels::gemm(transpose_a, transpose_b, n, m, k, a, b, T{0}, y);
  broadcast_runs<2>(batch, {batch_of(v.in_shape(0)), batch_of(v.in_shape(1))},
                    [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t count) {
                      for (std::int64_t i = 0; i < count; ++i)
                        kernels::gemm(transpose_a, transpose_b, n, m, k, a + (offsets[0] + i * steps[0]) * n * k,
                                      b + (offsets[1] + i * steps[1]) * k * m, T{0}, y + (begin + i) * n * m);
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
  return make_result(
      "matmul", a.line(), left->dtype, shape, inputs,
      floating([transpose_a, transpose_b, sizes = ProductSizes{n, m, k}]<class T>(const OpValues<T>& v) {
        multiply(v, transpose_a, transpose_b, sizes);
      }),
      [transpose_a, transpose_b](RuleContext& r) {
        const Tensor& g = r.grad_out();
        // With C = A·B: gA = g·Bᵀ and gB = Aᵀ·g; a transposed operand swaps the factors, so that nothing is copied.
        if (r.needs(0)) {
          r.set(0, transpose_a ? matmul_flagged(r.input(1), transpose_b, g, true) : matmul_flagged(g, false, r.input(1), !transpose_b));
        }
        if (r.needs(1)) {
          r.set(1, transpose_b ? matmul_flagged(g, true, r.input(0), transpose_a) : matmul_flagged(r.input(0), !transpose_a, g, false));
        }
      },
      {.broadcasts = true});
}

Tensor matmul(const TensorArg& a, const Tensor& b) {
  Node *left = floating_node("matmul", a.tensor(), a.line()), *right = floating_node("matmul", b, a.line());
  if (left->dtype != right->dtype)
    throw_invalid("matmul", text("lhs is ", left->dtype, " and rhs is ", right->dtype, ", expected the same dtype: convert one with to()"),
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

// With y = x·W + b and the gradient g of y: the gradients are g·Wᵀ of x, xᵀ·g of W, and the sum of the rows of g of b. For linear_relu, g
// is first set to 0 where y is 0. This function computes them by ops, so that they can be differentiated again; set_linear_gradients() in
// one loop, which is faster.
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

// The same gradients, all in one parallel loop. The first wanted one is the result, the others are saved results.
struct LinearGradientsCompute {
  kernels::LinearSizes sizes;
  bool relu;
  bool wanted[3];  // the gradients of x, W and b

  // The inputs are g, x, W and y. g stands in for one that is not needed, and is not read there.
  void operator()(const OpContext& context) const {
    visit_floating(node_of(context.result())->dtype, [&]<class T>() {
      const OpValues<T> v(context);
      T* gradients[3] = {};
      for (std::size_t i = 0, next = 0; i < 3; ++i) {
        if (!wanted[i]) continue;
        gradients[i] = next == 0 ? v.out() : v.template saved_values<T>(next - 1);
        ++next;
      }
      Scratch<T> masked(relu ? v.in_numel(0) : 0);
      kernels::linear_gradients<T>(sizes, {.x = wanted[1] ? v.in(1) : nullptr,
                                           .weight = wanted[0] ? v.in(2) : nullptr,
                                           .g = v.in(0),
                                           .gx = gradients[0],
                                           .gw = gradients[1],
                                           .gb = gradients[2],
                                           .y = relu ? v.in(3) : nullptr,
                                           .masked = relu ? masked.data() : nullptr});
    });
  }
};

void set_linear_gradients(RuleContext& r, const kernels::LinearSizes& sizes, bool relu) {
  const LinearGradientsCompute compute{sizes, relu, {r.needs(0), r.needs(1), r.input_count() == 3 && r.needs(2)}};
  const Tensor& g = r.grad_out();
  const Tensor y = relu ? r.output() : Tensor();
  const Tensor* inputs[] = {&g, compute.wanted[1] ? &r.input(0) : &g, compute.wanted[0] ? &r.input(1) : &g, relu ? &y : &g};
  const std::int64_t weight_sizes[] = {sizes.d_in, sizes.d_out};
  const Sizes shapes[] = {r.input_sizes(0), Sizes(weight_sizes, 2), Sizes(weight_sizes + 1, 1)};
  std::size_t wanted[3], results = 0;
  for (std::size_t i = 0; i < 3; ++i)
    if (compute.wanted[i]) wanted[results++] = i;
  if (results == 0) return;
  Tensor others[2];
  for (std::size_t i = 1; i < results; ++i) others[i - 1] = make_plain(r.dtype(), shapes[wanted[i]]);
  Tensor first = make_results("linear_gradient", SourceLine::current(), r.dtype(), shapes[wanted[0]], inputs,
                              std::span<const Tensor>(others, results - 1), compute, kNoRule);
  for (std::size_t i = 1; i < results; ++i) r.set(wanted[i], std::move(others[i - 1]));
  r.set(wanted[0], std::move(first));
}

// x·weight + bias, followed by relu if `relu` is set.
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
          op, text(other == matrix ? "weight" : "bias", " is ", other->dtype, " and the input ", input->dtype, ", expected the same dtype"),
          line);
  Shape shape = shape_of(input);
  shape[shape.rank() - 1] = d_out;
  const Tensor* inputs[] = {&x.tensor(), &weight, &bias};
  kernels::LinearSizes sizes{1, d_in, d_out};
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) sizes.n *= shape[axis];
  return make_result(op, line, input->dtype, shape, std::span<const Tensor* const>(inputs, added != nullptr ? 3 : 2),
                     floating([sizes, relu]<class T>(const OpValues<T>& v) {
                       kernels::linear<T>(sizes, v.in(0), v.in(1), v.input_count() == 3 ? v.in(2) : nullptr, relu, v.out());
                     }),
                     [sizes, relu](RuleContext& r) {
                       if (r.in_ops()) return set_linear_gradients_in_ops(r, sizes, relu);
                       set_linear_gradients(r, sizes, relu);
                     });
}

}  // namespace

Tensor linear(const TensorArg& x, const Tensor& weight, const Tensor& bias) { return linear_op("linear", x, weight, bias, false); }

Tensor linear_relu(const TensorArg& x, const Tensor& weight, const Tensor& bias) { return linear_op("linear_relu", x, weight, bias, true); }

namespace {

// Checks the operands of a product of two vectors.
void check_vectors(const char* op, const Node* a, const Node* b, const SourceLine& line) {
  for (const Node* node : {a, b})
    if (node->rank != 1) throw_invalid(op, text(node == a ? "lhs" : "rhs", " has shape ", shape_of(node), ", expected rank 1"), line);
  if (a->dtype != b->dtype)
    throw_invalid(op, text("lhs is ", a->dtype, " and rhs is ", b->dtype, ", expected the same dtype: convert one with to()"), line);
}

}  // namespace

Tensor dot(const TensorArg& a, const Tensor& b) {
  Node *left = floating_node("dot", a.tensor(), a.line()), *right = floating_node("dot", b, a.line());
  check_vectors("dot", left, right, a.line());
  if (left->numel != right->numel)
    throw_invalid("dot", text("rhs has shape ", shape_of(right), ", expected ", shape_of(left), " like lhs"), a.line());
  const Tensor* inputs[] = {&a.tensor(), &b};
  return make_result("dot", a.line(), left->dtype, Shape{}, inputs, floating([]<class T>(const OpValues<T>& v) {
                       kernels::gemm(false, false, 1, 1, v.in_numel(0), v.in(0), v.in(1), T{0}, v.out());
                     }),
                     [](RuleContext& r) {
                       if (r.needs(0)) r.set(0, r.grad_out() * r.input(1));
                       if (r.needs(1)) r.set(1, r.grad_out() * r.input(0));
                     });
}

Tensor outer(const TensorArg& a, const Tensor& b) {
  const Node *left = floating_node("outer", a.tensor(), a.line()), *right = floating_node("outer", b, a.line());
  check_vectors("outer", left, right, a.line());
  const Tensor* inputs[] = {&a.tensor(), &b};
  return make_result("outer", a.line(), left->dtype, Shape{left->numel, right->numel}, inputs, floating([]<class T>(const OpValues<T>& v) {
                       const std::int64_t n = v.in_numel(0), m = v.in_numel(1);
                       const T *const rows = v.in(0), *const columns = v.in(1);
                       T* const y = v.out();
                       kernels::parallel_pieces(n, std::max<std::int64_t>(1, kElementGrain / std::max<std::int64_t>(m, 1)),
                                                [&](std::int64_t begin, std::int64_t end) {
                                                  for (std::int64_t i = begin; i < end; ++i)
                                                    kernels::elementwise<T>().mul(rows + i, 0, columns, 1, y + i * m, m);
                                                });
                     }),
                     [](RuleContext& r) {
                       if (r.needs(0)) r.set(0, matmul(r.grad_out(), r.input(1)));
                       if (r.needs(1)) r.set(1, matmul(r.input(0), r.grad_out()));
                     });
}

Tensor Tensor::matmul(const Tensor& other, SourceLine line) const { return chainrule::matmul(TensorArg(*this, line), other); }

}  // namespace chainrule
