#include "autograd/ops/index.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "autograd/graph/record.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/exact_sum.h"
#include "autograd/ops/scratch.h"
#include "autograd/ops/strided.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

// The node of an index, its dtype checked. Its values are checked when they are used, by check_indices().
const Node* index_node(const char* op, const char* what, const Tensor& index, const SourceLine& line) {
  const Node* node = defined_node(op, index, line);
  if (node->dtype != DType::int64) throw_invalid(op, text(what, " is ", node->dtype, ", expected int64"), line);
  return node;
}

// Refuses an index that does not point into an axis of this size; returns the indices.
const std::int64_t* check_indices(const OpContext& context, std::size_t input, const char* what, std::int64_t size) {
  const OpValues<std::int64_t> v(context);
  const std::int64_t* const values = v.in(input);
  for (std::int64_t i = 0; i < v.in_numel(input); ++i)
    if (values[i] < 0 || values[i] >= size) context.fail(what, " holds ", values[i], " at position ", i, ", expected 0 to ", size - 1);
  return values;
}

// to[i] = the sum over k of from[rows[k]·inner + i]. Floats are added up in double.
template <class T, class Position>
void add_rows(const T* from, const Position* rows, std::int64_t count, std::int64_t inner, T* __restrict to) {
  if (count == 0) {
    std::fill_n(to, inner, T{0});
    return;
  }
  const T* const start = from + rows[0] * inner;
  if (count == 1) {
    std::copy_n(start, inner, to);
    return;
  }
  constexpr std::int64_t kColumns = 256;
  double sums[kColumns], lost[kColumns];
  for (std::int64_t first = 0; first < inner; first += kColumns) {
    const std::int64_t n = std::min(kColumns, inner - first);
    std::copy_n(start + first, n, sums);
    if (std::is_same_v<T, double>) std::fill_n(lost, n, 0.0);
    for (std::int64_t k = 1; k < count; ++k) {
      const T* __restrict const row = from + rows[k] * inner + first;
      if constexpr (std::is_same_v<T, double>) {
        for (std::int64_t i = 0; i < n; ++i) add_exactly(sums[i], lost[i], row[i]);
      } else {
        for (std::int64_t i = 0; i < n; ++i) sums[i] += static_cast<double>(row[i]);
      }
    }
    if constexpr (std::is_same_v<T, double>)
      for (std::int64_t i = 0; i < n; ++i) sums[i] += lost[i];
    for (std::int64_t i = 0; i < n; ++i) to[first + i] = static_cast<T>(sums[i]);
  }
}

// to[o, d, :] = the sum of from[o, k, :] over the positions k at which the index is d. The positions are sorted by d, so that a sum needs
// no memory beside its own elements, and threads share the sums.
template <class T, class Position>
void add_by_index(const std::int64_t* index, std::int64_t count, const T* from, const Span& span, T* to) {
  std::vector<Position> ends(static_cast<std::size_t>(span.n) + 1), order(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) ++ends[static_cast<std::size_t>(index[k]) + 1];
  for (std::size_t d = 1; d < ends.size(); ++d) ends[d] += ends[d - 1];
  // ends[d] is the first place of d here; when all its positions are in place, it is the place behind them.
  for (std::int64_t k = 0; k < count; ++k)
    order[static_cast<std::size_t>(ends[static_cast<std::size_t>(index[k])]++)] = static_cast<Position>(k);
  const bool sparse = count < span.n;  // most sums are 0
  if (sparse) std::fill_n(to, span.outer * span.n * span.inner, T{0});
  kernels::parallel_pieces(
      span.outer * span.n, std::max<std::int64_t>(1, kElementGrain / span.inner), [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
          const auto d = static_cast<std::size_t>(row % span.n);
          const std::int64_t first = d == 0 ? 0 : ends[d - 1];
          if (sparse && ends[d] == first) continue;
          add_rows(from + row / span.n * count * span.inner, order.data() + first, ends[d] - first, span.inner, to + row * span.inner);
        }
      });
}

// Zeros of a shape, with the slices of `source` added at `index` along an axis: the gradient of index_select.
Tensor index_add(const Shape& shape, int axis, const Tensor& index, const Tensor& source) {
  const Tensor* inputs[] = {&index, &source};
  return make_result("index_add", SourceLine::current(), node_of(source)->dtype, shape, inputs,
                     floating([axis]<class T>(const OpValues<T>& v) {
                       if (v.out_numel() == 0) return;
                       const Span span = around(v.out_shape(), axis);
                       const std::int64_t count = v.in_numel(0);
                       if (std::max(count, span.n) <= std::numeric_limits<std::int32_t>::max()) {
                         add_by_index<T, std::int32_t>(v.indices(0), count, v.in(1), span, v.out());
                       } else {
                         add_by_index<T, std::int64_t>(v.indices(0), count, v.in(1), span, v.out());
                       }
                     }),
                     [axis](RuleContext& r) {
                       if (r.needs(1)) r.set(1, index_select(r.grad_out(), axis, r.input(0)));
                     });
}

// Maps the positions of an index Tensor to offsets in the Tensor that it selects from along one axis.
struct Picks {
  Shape shape;                          // of the index
  std::int64_t steps[Shape::kMaxRank];  // of the tensor picked from, 0 along the axis
  std::int64_t axis_step = 0;
};

Picks picks(const Shape& from, const Shape& index, int axis) {
  Picks plan{index, {}, 0};
  std::int64_t step = 1;
  for (int at = from.rank() - 1; at >= 0; --at) {
    plan.steps[at] = at == axis ? 0 : step;
    if (at == axis) plan.axis_step = step;
    step *= from[at];
  }
  return plan;
}

// Calls f(position in the index, offset selected) for each element of the index, in order.
template <class F>
void for_each_pick(const Picks& plan, const std::int64_t* index, F f) {
  const int rank = plan.shape.rank();
  const std::int64_t numel = plan.shape.numel();
  std::int64_t at[Shape::kMaxRank] = {};
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < numel; ++i) {
    f(i, offset + index[i] * plan.axis_step);
    for (int axis = rank - 1; axis >= 0; --axis) {
      offset += plan.steps[axis];
      if (++at[axis] < plan.shape[axis]) break;
      offset -= at[axis] * plan.steps[axis];
      at[axis] = 0;
    }
  }
}

void check_pick_shape(const char* op, const Shape& from, const Shape& index, int axis, const SourceLine& line) {
  bool fits = from.rank() == index.rank();
  for (int at = 0; fits && at < from.rank(); ++at) fits = at == axis || index[at] <= from[at];
  if (!fits)
    throw_invalid(op,
                  text("the index has shape ", index, ", expected the rank of ", from, ", and no size larger than in ", from,
                       " except along axis ", axis),
                  line);
}

}  // namespace

Tensor index_select(const TensorArg& x, int axis, const Tensor& index) {
  const Node* node = defined_node("index_select", x.tensor(), x.line());
  const int at = checked_axis("index_select", axis, node->rank, x.line());
  const Node* picked = index_node("index_select", "the index", index, x.line());
  if (picked->rank != 1) throw_invalid("index_select", text("the index has shape ", shape_of(picked), ", expected rank 1"), x.line());
  Shape shape = shape_of(node);
  shape[at] = picked->numel;
  const Tensor* inputs[] = {&x.tensor(), &index};
  return make_result("index_select", x.line(), node->dtype, shape, inputs, by_width([at]<class Word>(const OpValues<Word>& v) {
                       const Span span = around(v.in_shape(0), at);
                       const std::int64_t* const picks = check_indices(v, 1, "the index", span.n);
                       const std::int64_t count = v.in_numel(1);
                       const Word* const from = v.in();
                       Word* const to = v.out();
                       if (span.inner == 0) return;
                       kernels::parallel_pieces(span.outer * count, std::max<std::int64_t>(1, kElementGrain / span.inner),
                                                [&](std::int64_t begin, std::int64_t end) {
                                                  for (std::int64_t row = begin; row < end; ++row)
                                                    std::memcpy(to + row * span.inner,
                                                                from + ((row / count) * span.n + picks[row % count]) * span.inner,
                                                                static_cast<std::size_t>(span.inner) * sizeof(Word));
                                                });
                     }),
                     [at](RuleContext& r) {
                       if (r.needs(0)) r.set(0, index_add(r.input_shape(0), at, r.input(1), r.grad_out()));
                     });
}

Tensor gather(const TensorArg& x, int axis, const Tensor& index) {
  const Node* node = defined_node("gather", x.tensor(), x.line());
  const Shape from = shape_of(node);
  const int at = checked_axis("gather", axis, from.rank(), x.line());
  const Node* picked = index_node("gather", "the index", index, x.line());
  check_pick_shape("gather", from, shape_of(picked), at, x.line());
  const Tensor* inputs[] = {&x.tensor(), &index};
  return make_result("gather", x.line(), node->dtype, shape_of(picked), inputs, by_width([at]<class Word>(const OpValues<Word>& v) {
                       const Shape source = v.in_shape(0);
                       const std::int64_t* const indices = check_indices(v, 1, "the index", source[at]);
                       for_each_pick(picks(source, v.out_shape(), at), indices,
                                     [&](std::int64_t i, std::int64_t offset) { v.out()[i] = v.in()[offset]; });
                     }),
                     [at](RuleContext& r) {
                       if (r.needs(0)) r.set(0, scatter_add(zeros(r.input_shape(0), r.input_dtype(0)), at, r.input(1), r.grad_out()));
                     });
}

Tensor scatter_add(const TensorArg& x, int axis, const Tensor& index, const Tensor& source) {
  const Node* node = defined_node("scatter_add", x.tensor(), x.line());
  const Node* added = defined_node("scatter_add", source, x.line());
  const Shape shape = shape_of(node);
  const int at = checked_axis("scatter_add", axis, shape.rank(), x.line());
  const Node* picked = index_node("scatter_add", "the index", index, x.line());
  if (added->dtype != node->dtype) throw_invalid("scatter_add", text("the source is ", added->dtype, ", expected ", node->dtype), x.line());
  check_pick_shape("scatter_add", shape, shape_of(picked), at, x.line());
  if (shape_of(added) != shape_of(picked))
    throw_invalid("scatter_add", text("the source has shape ", shape_of(added), ", expected ", shape_of(picked), " like the index"),
                  x.line());
  const Tensor* inputs[] = {&x.tensor(), &index, &source};
  return make_result("scatter_add", x.line(), node->dtype, shape, inputs, any_dtype([at]<class T>(const OpValues<T>& v) {
                       const std::int64_t* const indices = check_indices(v, 1, "the index", v.out_shape()[at]);
                       std::copy_n(v.in(), v.in_numel(), v.out());
                       const Picks plan = picks(v.out_shape(), v.in_shape(1), at);
                       T* const to = v.out();
                       const T* const from = v.in(2);
                       if constexpr (std::is_floating_point_v<T>) {
                         if (plan.shape[at] > 1) {  // several elements may be added at one place
                           const std::int64_t numel = v.out_numel();
                           const bool dense = plan.shape.numel() > numel / 8;  // else only the places that are picked are visited
                           Scratch<T> scratch(numel);
                           T* const lost = scratch.data();
                           if (dense) {
                             std::fill_n(lost, numel, T{0});
                           } else {
                             for_each_pick(plan, indices, [=](std::int64_t, std::int64_t offset) { lost[offset] = 0; });
                           }
                           for_each_pick(plan, indices,
                                         [=](std::int64_t i, std::int64_t offset) { add_exactly(to[offset], lost[offset], from[i]); });
                           if (dense) {
                             for (std::int64_t i = 0; i < numel; ++i) to[i] += lost[i];
                           } else {
                             for_each_pick(plan, indices, [=](std::int64_t, std::int64_t offset) {
                               to[offset] += lost[offset];
                               lost[offset] = 0;
                             });
                           }
                           return;
                         }
                       }
                       using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;  // int64 wraps around, as sums do
                       for_each_pick(plan, indices, [=](std::int64_t i, std::int64_t offset) {
                         to[offset] = static_cast<T>(static_cast<Sum>(to[offset]) + static_cast<Sum>(from[i]));
                       });
                     }),
                     [at](RuleContext& r) {
                       if (r.needs(0)) r.set(0, r.grad_out());
                       if (r.needs(2)) r.set(2, gather(r.grad_out(), at, r.input(1)));
                     });
}

Tensor one_hot(const TensorArg& labels, std::int64_t classes, DType dtype) {
  if (classes < 1) throw_invalid("one_hot", text("classes is ", classes, ", expected at least 1"), labels.line());
  const Node* node = index_node("one_hot", "the labels tensor", labels.tensor(), labels.line());
  Shape shape = shape_of(node);
  if (shape.rank() == Shape::kMaxRank)
    throw_invalid("one_hot", text("shape ", shape, " already has ", Shape::kMaxRank, " axes, the maximum"), labels.line());
  shape.push_back(classes);
  const Tensor* inputs[] = {&labels.tensor()};
  return make_result("one_hot", labels.line(), dtype, shape, inputs, any_dtype([classes]<class T>(const OpValues<T>& v) {
                       const std::int64_t* const ones = check_indices(v, 0, "the labels tensor", classes);
                       std::fill_n(v.out(), v.out_numel(), T{0});
                       for (std::int64_t i = 0; i < v.in_numel(); ++i) v.out()[i * classes + ones[i]] = T{1};
                     }),
                     kNoRule);
}

Tensor masked_fill(const TensorArg& x, const Tensor& mask, NumberArg value) {
  const Node *node = defined_node("masked_fill", x.tensor(), x.line()), *chosen = defined_node("masked_fill", mask, x.line());
  check_number("masked_fill", "the value", value, node->dtype, x.line());
  const Shape shape = broadcast_shapes("masked_fill", shape_of(node), shape_of(chosen), x.line());
  const CallerScope caller(x.line());
  const Tensor truth = chosen->dtype == node->dtype ? mask : ne(mask, 0).to(node->dtype);
  const Tensor* inputs[] = {&x.tensor(), &truth};
  return make_result("masked_fill", x.line(), node->dtype, shape, inputs, any_dtype([value]<class T>(const OpValues<T>& v) {
                       const T fill = element_of<T>(value);
                       broadcast_runs<2>(v.out_shape(), {v.in_shape(0), v.in_shape(1)},
                                         [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
                                           const T *from = v.in(0) + offsets[0], *m = v.in(1) + offsets[1];
                                           T* to = v.out() + begin;
                                           for (std::int64_t i = 0; i < n; ++i) to[i] = m[i * steps[1]] != 0 ? fill : from[i * steps[0]];
                                         });
                     }),
                     [](RuleContext& r) { r.set(0, where(r.input(1), 0.0, r.grad_out())); },
                     {.broadcasts = true, .recordable = records(std::span(inputs, 1))});
}

}  // namespace chainrule
