#include "autograd/ops/index.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "autograd/graph/record.h"
#include "autograd/ops/broadcast.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

// The node of an index, its dtype and values checked against the size of the axis it points into.
Node* checked_index(const char* op, const char* what, const Tensor& index, std::int64_t size, const SourceLine& line) {
  Node* node = defined_node(op, index, line);
  if (node->dtype != DType::int64) throw_invalid(op, text(what, " is ", node->dtype, ", expected int64"), line);
  const std::int64_t* values = node->values<std::int64_t>();
  for (std::int64_t i = 0; i < node->numel; ++i)
    if (values[i] < 0 || values[i] >= size)
      throw_invalid(op, text(what, " holds ", values[i], " at position ", i, ", expected 0 to ", size - 1), line);
  return node;
}

// zeros(shape) with the slices of `source` added at `index` along an axis: index_select's gradient.
Tensor index_add(const Shape& shape, int axis, const Tensor& index, const Tensor& source) {
  const Tensor* inputs[] = {&index, &source};
  Tensor y = make_result("index_add", SourceLine::current(), node_of(source)->dtype, shape, inputs, [axis](RuleContext& r) {
    if (r.needs(1)) r.set(1, index_select(r.grad_out(), axis, r.input(0)));
  });
  std::int64_t outer = 1, inner = 1;
  for (int before = 0; before < axis; ++before) outer *= shape[before];
  for (int after = axis + 1; after < shape.rank(); ++after) inner *= shape[after];
  const std::int64_t size = shape[axis], count = node_of(index)->numel;
  const std::int64_t* at = values<std::int64_t>(index);
  visit_floating(node_of(source)->dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = mutable_values<T>(y);
    const T* from = values<T>(source);
    std::fill_n(to, node_of(y)->numel, T{0});
    for (std::int64_t o = 0; o < outer; ++o)
      for (std::int64_t k = 0; k < count; ++k)
        for (std::int64_t i = 0; i < inner; ++i) to[(o * size + at[k]) * inner + i] += from[(o * count + k) * inner + i];
  });
  return done(y);
}

// How an index tensor's positions map into a tensor it picks from along one axis.
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

// Calls f(position in the index, offset picked) for each element of the index in order.
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
    throw_invalid(op, text("the index has shape ", index, ", expected the rank of ", from, " and no longer axes but axis ", axis), line);
}

}  // namespace

Tensor index_select(const TensorArg& x, int axis, const Tensor& index) {
  Node* node = defined_node("index_select", x.tensor(), x.line());
  const int at = checked_axis("index_select", axis, node->rank, x.line());
  Shape shape = shape_of(node);
  Node* picked = checked_index("index_select", "the index", index, shape[at], x.line());
  if (picked->rank != 1) throw_invalid("index_select", text("the index has shape ", shape_of(picked), ", expected rank 1"), x.line());
  const std::int64_t size = shape[at];
  std::int64_t outer = 1, inner = 1;
  for (int before = 0; before < at; ++before) outer *= shape[before];
  for (int after = at + 1; after < shape.rank(); ++after) inner *= shape[after];
  shape[at] = picked->numel;
  const Tensor* inputs[] = {&x.tensor(), &index};
  Tensor y = make_result("index_select", x.line(), node->dtype, shape, inputs, [at](RuleContext& r) {
    if (r.needs(0)) r.set(0, index_add(r.input_shape(0), at, r.input(1), r.grad_out()));
  });
  const std::int64_t* from = picked->values<std::int64_t>();
  const auto run = static_cast<std::size_t>(inner * dtype_size(node->dtype));
  const std::int64_t count = picked->numel;
  kernels::parallel_pieces(outer * count, std::max<std::int64_t>(1, kElementGrain / std::max<std::int64_t>(inner, 1)),
                           [&](std::int64_t begin, std::int64_t end) {
                             for (std::int64_t row = begin; row < end && run > 0; ++row)
                               std::memcpy(node_of(y)->data + static_cast<std::size_t>(row) * run,
                                           node->data + static_cast<std::size_t>((row / count) * size + from[row % count]) * run, run);
                           });
  return done(y);
}

Tensor gather(const TensorArg& x, int axis, const Tensor& index) {
  Node* node = defined_node("gather", x.tensor(), x.line());
  const Shape from = shape_of(node);
  const int at = checked_axis("gather", axis, from.rank(), x.line());
  Node* picked = checked_index("gather", "the index", index, from[at], x.line());
  check_pick_shape("gather", from, shape_of(picked), at, x.line());
  const Tensor* inputs[] = {&x.tensor(), &index};
  Tensor y = make_result("gather", x.line(), node->dtype, shape_of(picked), inputs, [at](RuleContext& r) {
    if (r.needs(0)) r.set(0, scatter_add(zeros(r.input_shape(0), r.input_dtype(0)), at, r.input(1), r.grad_out()));
  });
  visit_dtype(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* source = node->values<T>();
    T* to = mutable_values<T>(y);
    for_each_pick(picks(from, shape_of(picked), at), picked->values<std::int64_t>(),
                  [&](std::int64_t i, std::int64_t offset) { to[i] = source[offset]; });
  });
  return done(y);
}

Tensor scatter_add(const TensorArg& x, int axis, const Tensor& index, const Tensor& source) {
  Node* node = defined_node("scatter_add", x.tensor(), x.line());
  Node* added = defined_node("scatter_add", source, x.line());
  const Shape shape = shape_of(node);
  const int at = checked_axis("scatter_add", axis, shape.rank(), x.line());
  Node* picked = checked_index("scatter_add", "the index", index, shape[at], x.line());
  if (added->dtype != node->dtype) throw_invalid("scatter_add", text("the source is ", added->dtype, ", expected ", node->dtype), x.line());
  check_pick_shape("scatter_add", shape, shape_of(picked), at, x.line());
  if (shape_of(added) != shape_of(picked))
    throw_invalid("scatter_add", text("the source has shape ", shape_of(added), ", expected ", shape_of(picked), " like the index"),
                  x.line());
  const Tensor* inputs[] = {&x.tensor(), &index, &source};
  Tensor y = make_result("scatter_add", x.line(), node->dtype, shape, inputs, [at](RuleContext& r) {
    if (r.needs(0)) r.set(0, r.grad_out());
    if (r.needs(2)) r.set(2, gather(r.grad_out(), at, r.input(1)));
  });
  visit_dtype(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const T* from = added->values<T>();
    T* to = mutable_values<T>(y);
    std::copy_n(node->values<T>(), node->numel, to);
    for_each_pick(picks(shape, shape_of(picked), at), picked->values<std::int64_t>(),
                  [&](std::int64_t i, std::int64_t offset) { to[offset] += from[i]; });
  });
  return done(y);
}

Tensor one_hot(const TensorArg& labels, std::int64_t classes, DType dtype) {
  if (classes < 1) throw_invalid("one_hot", text("classes is ", classes, ", expected at least 1"), labels.line());
  Node* node = checked_index("one_hot", "the labels tensor", labels.tensor(), classes, labels.line());
  Shape shape = shape_of(node);
  if (shape.rank() == Shape::kMaxRank) throw_invalid("one_hot", text("shape ", shape, " has as many axes as are possible"), labels.line());
  shape.push_back(classes);
  Tensor y = zeros(shape, dtype);
  visit_dtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = mutable_values<T>(y);
    for (std::int64_t i = 0; i < node->numel; ++i) to[i * classes + node->values<std::int64_t>()[i]] = T{1};
  });
  return y;
}

Tensor masked_fill(const TensorArg& x, const Tensor& mask, double value) {
  Node *node = defined_node("masked_fill", x.tensor(), x.line()), *chosen = defined_node("masked_fill", mask, x.line());
  if (node->dtype == DType::int64 && !(std::trunc(value) == value && std::abs(value) <= 0x1p53))
    throw_invalid("masked_fill", text("the value ", value, " beside an int64 tensor is not an integer"), x.line());
  const Shape shape = broadcast_shapes("masked_fill", shape_of(node), shape_of(chosen), x.line());
  const CallerScope caller(x.line());
  const Tensor truth = chosen->dtype == node->dtype ? mask : ne(mask, 0).to(node->dtype);
  const Tensor* inputs[] = {&x.tensor(), &truth};
  Tensor y = make_result("masked_fill", x.line(), node->dtype, shape, inputs,
                         [](RuleContext& r) { r.set(0, where(r.input(1), 0.0, r.grad_out())); },
                         {.broadcasts = true, .recordable = records(std::span(inputs, 1))});
  visit_dtype(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    const T fill = static_cast<T>(value);
    broadcast_runs<2>(shape, {shape_of(node), shape_of(truth)},
                      [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
                        const T *from = node->values<T>() + offsets[0], *m = values<T>(truth) + offsets[1];
                        T* to = mutable_values<T>(y) + begin;
                        for (std::int64_t i = 0; i < n; ++i) to[i] = m[i * steps[1]] != 0 ? fill : from[i * steps[0]];
                      });
  });
  return done(y);
}

}  // namespace chainrule
