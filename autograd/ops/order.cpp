// sort and topk.
#include <algorithm>
#include <cmath>

#include "autograd/ops/create.h"
#include "autograd/ops/index.h"
#include "autograd/ops/strided.h"

namespace chainrule {

using namespace detail;

namespace {

template <class T>
struct Ranked {
  T value;
  std::int64_t index;
};

// NaN comes after all numbers.
template <class T>
bool is_less(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(b)) return !std::isnan(a);
  }
  return a < b;
}

// Writes the first k elements of each row along an axis in sorted order; equal elements keep their order.
template <class T>
void rank_rows(const T* from, const Span& span, std::int64_t k, bool descending, T* values, std::int64_t* indices) {
  const auto before = [descending](const Ranked<T>& a, const Ranked<T>& b) {
    if (is_less(a.value, b.value)) return !descending;
    if (is_less(b.value, a.value)) return descending;
    return a.index < b.index;
  };
  if (k == 0) return;
  kernels::parallel_pieces(span.outer * span.inner, std::max<std::int64_t>(1, kElementGrain / 8 / span.n),
                           [&](std::int64_t begin, std::int64_t end) {
                             std::vector<Ranked<T>> row(static_cast<std::size_t>(span.n));
                             for (std::int64_t at = begin; at < end; ++at) {
                               const std::int64_t outer = at / span.inner, inner = at % span.inner;
                               for (std::int64_t j = 0; j < span.n; ++j)
                                 row[static_cast<std::size_t>(j)] = {from[(outer * span.n + j) * span.inner + inner], j};
                               if (k == span.n) {
                                 std::sort(row.begin(), row.end(), before);
                               } else {
                                 std::partial_sort(row.begin(), row.begin() + k, row.end(), before);
                               }
                               for (std::int64_t j = 0; j < k; ++j) {
                                 const Ranked<T>& ranked = row[static_cast<std::size_t>(j)];
                                 values[(outer * k + j) * span.inner + inner] = ranked.value;
                                 indices[(outer * k + j) * span.inner + inner] = ranked.index;
                               }
                             }
                           });
}

Ordered ordered(const char* op, const TensorArg& x, const std::int64_t* wanted, int axis, bool descending) {
  Node* node = defined_node(op, x.tensor(), x.line());
  const int rank = node->rank;
  const int at = checked_axis(op, axis, sizes_of(node), x.line(), rank == 0 ? 1 : 0);
  Shape shape = shape_of(node);
  const Span span = rank == 0 ? Span{} : around(shape, at);
  const std::int64_t k = wanted != nullptr ? *wanted : span.n;
  if (k < 0 || k > span.n) throw_invalid(op, text("k is ", k, ", expected 0 to ", span.n, " for axis ", at, " of shape ", shape), x.line());
  if (rank > 0) shape[at] = k;
  if (rank == 0 && k == 0) shape = Shape{0};
  const Tensor indices[] = {make_plain(DType::int64, shape)};
  const Tensor* inputs[] = {&x.tensor()};
  Ordered result;
  result.values =
      make_results(op, x.line(), node->dtype, shape, inputs, indices, any_dtype([span, k, descending]<class T>(const OpValues<T>& v) {
                     rank_rows(v.in(), span, k, descending, v.out(), v.template saved_values<std::int64_t>(0));
                   }),
                   [at](RuleContext& r) {
                     const Shape from = r.input_shape(0);
                     // A single number is the only element there is.
                     r.set(0, from.rank() == 0 ? r.grad_out() : scatter_add(zeros(from, r.input_dtype(0)), at, r.saved(0), r.grad_out()));
                   });
  result.indices = indices[0];
  return result;
}

}  // namespace

Ordered sort(const TensorArg& x, int axis, bool descending) { return ordered("sort", x, nullptr, axis, descending); }

Ordered topk(const TensorArg& x, std::int64_t k, int axis, bool largest) { return ordered("topk", x, &k, axis, largest); }

}  // namespace chainrule
