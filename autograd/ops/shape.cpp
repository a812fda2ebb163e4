#include "autograd/ops/shape.h"

#include <algorithm>
#include <cstring>

#include "autograd/graph/record.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/exact_sum.h"
#include "autograd/ops/internal.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/scratch.h"
#include "autograd/ops/strided.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

// The rule of ops that only change the shape.
constexpr auto kReshapeRule = [](RuleContext& r) { r.set(0, reshape(r.grad_out(), r.input_shape(0))); };

// Transposes a matrix tile by tile, so that whole cache lines are read and written.
template <class Word>
void copy_transposed(const Word* from, std::int64_t rows, std::int64_t columns, Word* to) {
  if (rows == 0 || columns == 0) return;
  constexpr std::int64_t kTile = 16;
  kernels::parallel_pieces((rows + kTile - 1) / kTile,
                           std::max<std::int64_t>(1, kElementGrain / (kTile * std::max<std::int64_t>(columns, 1))),
                           [from, rows, columns, to](std::int64_t begin, std::int64_t end) {
                             const std::int64_t last_row = std::min(end * kTile, rows);
                             for (std::int64_t c0 = 0; c0 < columns; c0 += kTile)
                               for (std::int64_t r0 = begin * kTile; r0 < last_row; r0 += kTile)
                                 for (std::int64_t c = c0; c < std::min(c0 + kTile, columns); ++c)
                                   for (std::int64_t r = r0; r < std::min(r0 + kTile, last_row); ++r)
                                     to[c * rows + r] = from[r * columns + c];
                           });
}

// Zeros of a shape that hold x from `start` on along an axis: the gradient of a slice.
Tensor embed(const Tensor& x, const Shape& shape, int axis, std::int64_t start) {
  const Node* node = node_of(x);
  const Tensor* inputs[] = {&x};
  return make_result(
      "embed", SourceLine::current(), node->dtype, shape, inputs, by_width([axis, start]<class Word>(const OpValues<Word>& v) {
        const Span whole = around(v.out_shape(), axis), part = around(v.in_shape(), axis);
        std::fill_n(v.out(), v.out_numel(), Word{0});
        const std::int64_t run = part.n * part.inner;
        for (std::int64_t o = 0; o < whole.outer && run > 0; ++o)
          std::copy_n(v.in() + o * run, run, v.out() + (o * whole.n + start) * whole.inner);
      }),
      [axis, start, stop = start + node->sizes()[axis]](RuleContext& r) { r.set(0, slice(r.grad_out(), axis, start, stop)); });
}

}  // namespace

Tensor reshape(const TensorArg& x, const Shape& wanted) {
  Node* node = defined_node("reshape", x.tensor(), x.line());
  Shape shape = wanted;
  int open = -1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] >= 0) continue;
    if (shape[axis] != -1 || open >= 0)
      throw_invalid("reshape", text("the shape ", wanted, " has ", shape[axis] == -1 ? "more than one -1" : "a negative size"), x.line());
    open = axis;
    shape[axis] = 1;
  }
  const std::int64_t known = shape.numel();
  bool fills = known == node->numel;
  if (open >= 0) {
    fills = known > 0 && node->numel % known == 0;
    if (fills) shape[open] = node->numel / known;
  }
  if (!fills)
    throw_invalid("reshape", text("shape ", shape_of(node), " has ", node->numel, " elements and cannot be reshaped to ", wanted),
                  x.line());
  return make_view("reshape", x.line(), x.tensor(), 0, shape, kReshapeRule);
}

Tensor flatten(const TensorArg& x, int first, int last) {
  Node* node = defined_node("flatten", x.tensor(), x.line());
  if (node->rank == 0) return make_view("flatten", x.line(), x.tensor(), 0, Shape{1}, kReshapeRule);
  const int from = checked_axis("flatten", first, sizes_of(node), x.line()), to = checked_axis("flatten", last, sizes_of(node), x.line());
  if (from > to) throw_invalid("flatten", text("the first axis ", first, " is after the last axis ", last), x.line());
  Shape shape;
  for (int axis = 0; axis < node->rank; ++axis) {
    if (axis <= from || axis > to) {
      shape.push_back(node->sizes()[axis]);
    } else {
      shape[from] *= node->sizes()[axis];
    }
  }
  return make_view("flatten", x.line(), x.tensor(), 0, shape, kReshapeRule);
}

Tensor squeeze(const TensorArg& x, const Axes& axes) {
  Node* node = defined_node("squeeze", x.tensor(), x.line());
  bool named[Shape::kMaxRank] = {};
  for (std::int64_t axis : axes)
    if (node->rank > 0 || (axis != 0 && axis != -1)) named[checked_axis("squeeze", axis, sizes_of(node), x.line())] = true;
  Shape shape;
  for (int axis = 0; axis < node->rank; ++axis)
    if (node->sizes()[axis] != 1 || !(axes.all() || named[axis])) shape.push_back(node->sizes()[axis]);
  return make_view("squeeze", x.line(), x.tensor(), 0, shape, kReshapeRule);
}

Tensor unsqueeze(const TensorArg& x, int axis) {
  Node* node = defined_node("unsqueeze", x.tensor(), x.line());
  Shape shape = shape_of(node);
  if (shape.rank() == Shape::kMaxRank)
    throw_invalid("unsqueeze", text("shape ", shape, " already has ", Shape::kMaxRank, " axes, the maximum"), x.line());
  shape.insert(checked_axis("unsqueeze", axis, sizes_of(node), x.line(), 1), 1);
  return make_view("unsqueeze", x.line(), x.tensor(), 0, shape, kReshapeRule);
}

Tensor transpose(const TensorArg& x, int axis0, int axis1) {
  Node* node = defined_node("transpose", x.tensor(), x.line());
  const int a = checked_axis("transpose", axis0, sizes_of(node), x.line()), b = checked_axis("transpose", axis1, sizes_of(node), x.line());
  std::vector<std::int64_t> order(node->rank);
  for (int axis = 0; axis < node->rank; ++axis) order[static_cast<std::size_t>(axis)] = axis == a ? b : axis == b ? a : axis;
  const CallerScope caller(x.line());
  return permute(x, Axes(order));
}

Tensor permute(const TensorArg& x, const Axes& order) {
  Node* node = defined_node("permute", x.tensor(), x.line());
  const int rank = node->rank;
  if (order.count() != rank)
    throw_invalid("permute", text("got ", order.count(), " axes for a tensor of shape ", shape_of(node), ", expected ", rank), x.line());
  struct Order {
    std::int8_t to[Shape::kMaxRank];
  };
  Order forward{}, inverse{};
  bool seen[Shape::kMaxRank] = {};
  Shape shape = shape_of(node);
  for (int place = 0; place < rank; ++place) {
    const int axis = checked_axis("permute", order.begin()[place], sizes_of(node), x.line());
    if (seen[axis]) throw_invalid("permute", text("axis ", axis, " is listed twice"), x.line());
    seen[axis] = true;
    forward.to[place] = static_cast<std::int8_t>(axis);
    inverse.to[axis] = static_cast<std::int8_t>(place);
    shape[place] = node->sizes()[axis];
  }
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(
      "permute", x.line(), node->dtype, shape, inputs, by_width([forward]<class Word>(const OpValues<Word>& v) {
        const Shape from = v.in_shape();
        if (from.rank() == 2 && forward.to[0] == 1) return copy_transposed(v.in(), from[0], from[1], v.out());
        std::int64_t steps[Shape::kMaxRank], from_steps[Shape::kMaxRank];
        row_major_steps(from, from_steps);
        for (int place = 0; place < from.rank(); ++place) steps[place] = from_steps[forward.to[place]];
        copy_strided(v.in(), v.out_shape(), steps, v.out());
      }),
      [inverse, rank](RuleContext& r) { r.set(0, permute(r.grad_out(), Axes(std::vector<std::int64_t>(inverse.to, inverse.to + rank)))); });
}

Tensor broadcast_to(const TensorArg& x, const Shape& shape) {
  const Node* node = defined_node("broadcast_to", x.tensor(), x.line());
  const Shape from = shape_of(node);
  const int extra = shape.rank() - from.rank();
  bool fits = extra >= 0;
  for (int axis = 0; axis < from.rank() && fits; ++axis) fits = from[axis] == shape[axis + extra] || from[axis] == 1;
  if (!fits) throw_invalid("broadcast_to", text("shape ", from, " does not broadcast to ", shape), x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("broadcast_to", x.line(), node->dtype, shape, inputs, by_width([extra]<class Word>(const OpValues<Word>& v) {
                       if (v.in_numel() == 1) {
                         std::fill_n(v.out(), v.out_numel(), *v.in());
                         return;
                       }
                       const Shape sizes = v.in_shape();
                       std::int64_t steps[Shape::kMaxRank] = {}, from_steps[Shape::kMaxRank];
                       row_major_steps(sizes, from_steps);
                       for (int axis = 0; axis < sizes.rank(); ++axis)
                         if (sizes[axis] != 1) steps[axis + extra] = from_steps[axis];
                       copy_strided(v.in(), v.out_shape(), steps, v.out());
                     }),
                     [](RuleContext& r) { r.set(0, r.grad_out()); }, {.broadcasts = true});
}

Tensor slice(const TensorArg& x, int axis, std::int64_t start, std::int64_t stop) {
  Node* node = defined_node("slice", x.tensor(), x.line());
  const int at = checked_axis("slice", axis, sizes_of(node), x.line());
  Shape shape = shape_of(node);
  const std::int64_t size = shape[at];
  const std::int64_t from = std::clamp<std::int64_t>(start < 0 ? start + size : start, 0, size);
  const std::int64_t to = std::clamp<std::int64_t>(stop < 0 ? stop + size : stop, from, size);
  const Span whole = around(shape, at);
  shape[at] = to - from;
  if (at == 0) return consecutive("slice", x, from * whole.inner, shape);
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("slice", x.line(), node->dtype, shape, inputs, by_width([at, from]<class Word>(const OpValues<Word>& v) {
                       const Span source = around(v.in_shape(), at), part = around(v.out_shape(), at);
                       const std::int64_t run = part.n * part.inner;
                       for (std::int64_t o = 0; o < source.outer && run > 0; ++o)
                         std::copy_n(v.in() + (o * source.n + from) * source.inner, run, v.out() + o * run);
                     }),
                     [at, from](RuleContext& r) { r.set(0, embed(r.grad_out(), r.input_shape(0), at, from)); });
}

Tensor concat(const TensorList& tensors, int axis) {
  if (tensors.size() == 0) throw_invalid("concat", "got no tensors, expected at least one", tensors.line());
  Node* first = defined_node("concat", tensors[0], tensors.line());
  const int at = checked_axis("concat", axis, sizes_of(first), tensors.line());
  Shape shape = shape_of(first);
  std::vector<const Tensor*> inputs;
  shape[at] = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Node* node = defined_node("concat", tensors[i], tensors.line());
    if (node->dtype != first->dtype)
      throw_invalid("concat", text("tensor ", i, " is ", node->dtype, ", expected ", first->dtype, " like tensor 0"), tensors.line());
    Shape like = shape_of(node);
    const std::int64_t own = like.rank() == shape.rank() ? like[at] : 0;
    if (like.rank() == shape.rank()) like[at] = shape[at];
    if (like != shape)
      throw_invalid(
          "concat",
          text("tensor ", i, " has shape ", shape_of(node), ", expected ", shape_of(first), " like tensor 0, except along axis ", at),
          tensors.line());
    shape[at] = size_sum("concat", shape[at], own, tensors.line());
    inputs.push_back(&tensors[i]);
  }
  return make_result("concat", tensors.line(), first->dtype, shape, inputs, by_width([at]<class Word>(const OpValues<Word>& v) {
                       const Span whole = around(v.out_shape(), at);
                       const std::int64_t row = whole.n * whole.inner;
                       std::int64_t start = 0;
                       for (std::size_t i = 0; i < v.input_count(); ++i) {
                         const std::int64_t run = v.in_shape(i)[at] * whole.inner;
                         for (std::int64_t o = 0; o < whole.outer && run > 0; ++o)
                           std::copy_n(v.in(i) + o * run, run, v.out() + o * row + start);
                         start += run;
                       }
                     }),
                     [at](RuleContext& r) {
                       std::int64_t start = 0;
                       for (std::size_t i = 0; i < r.input_count(); ++i) {
                         const std::int64_t own = r.input_shape(i)[at];
                         if (r.needs(i)) r.set(i, slice(r.grad_out(), at, start, start + own));
                         start += own;
                       }
                     });
}

Tensor stack(const TensorList& tensors, int axis) {
  if (tensors.size() == 0) throw_invalid("stack", "got no tensors, expected at least one", tensors.line());
  const CallerScope caller(tensors.line());
  const Shape shape = shape_of(defined_node("stack", tensors[0], tensors.line()));
  const int at = checked_axis("stack", axis, shape, tensors.line(), 1);
  std::vector<Tensor> rows;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Node* node = defined_node("stack", tensors[i], tensors.line());
    if (node->dtype != node_of(tensors[0])->dtype)
      throw_invalid("stack", text("tensor ", i, " is ", node->dtype, ", expected ", node_of(tensors[0])->dtype, " like tensor 0"),
                    tensors.line());
    if (shape_of(node) != shape)
      throw_invalid("stack", text("tensor ", i, " has shape ", shape_of(node), ", expected ", shape, " like tensor 0"), tensors.line());
    rows.push_back(unsqueeze(tensors[i], at));
  }
  return concat(rows, at);
}

Tensor Tensor::reshape(const Shape& shape, SourceLine line) const { return chainrule::reshape(TensorArg(*this, line), shape); }

Tensor Tensor::flatten(int first, int last, SourceLine line) const { return chainrule::flatten(TensorArg(*this, line), first, last); }

Tensor Tensor::squeeze(const Axes& axes, SourceLine line) const { return chainrule::squeeze(TensorArg(*this, line), axes); }

Tensor Tensor::unsqueeze(int axis, SourceLine line) const { return chainrule::unsqueeze(TensorArg(*this, line), axis); }

Tensor Tensor::transpose(int axis0, int axis1, SourceLine line) const { return chainrule::transpose(TensorArg(*this, line), axis0, axis1); }

Tensor Tensor::t(SourceLine line) const {
  Node* node = defined_node("t", *this, line);
  if (node->rank > 2) throw_invalid("t", text("the tensor has shape ", shape_of(node), ", expected rank 2 or less: use transpose()"), line);
  return node->rank < 2 ? *this : transpose(0, 1, line);
}

Tensor Tensor::permute(const Axes& order, SourceLine line) const { return chainrule::permute(TensorArg(*this, line), order); }

Tensor Tensor::operator[](Index i) const {
  Node* node = defined_node("index", *this, i.line());
  if (node->rank == 0) throw_invalid("index", "the tensor has rank 0 and no rows", i.line());
  const std::int64_t size = node->sizes()[0];
  const std::int64_t row = i.value() < 0 ? i.value() + size : i.value();
  if (row < 0 || row >= size) throw_invalid("index", text("row ", i.value(), " is out of range for shape ", shape_of(node)), i.line());
  Shape shape = shape_of(node);
  shape.erase(0);
  return consecutive("index", TensorArg(*this, i.line()), row * shape.numel(), shape);
}

namespace detail {

Tensor consecutive(const char* op, const TensorArg& x, std::int64_t offset, const Shape& shape) {
  return make_view(op, x.line(), x.tensor(), offset, shape, [offset](RuleContext& r) { r.set_slice(0, offset, r.grad_out()); });
}

Tensor embed_slices(const std::vector<Tensor>& parts, const std::vector<std::int64_t>& offsets, const Shape& shape, DType dtype) {
  const Tensor where = from_vector(offsets);
  std::vector<const Tensor*> inputs{&where};
  for (const Tensor& part : parts) inputs.push_back(&part);
  return make_result("embed_slices", SourceLine::current(), dtype, shape, inputs, floating([]<class T>(const OpValues<T>& v) {
                       T* const to = v.out();
                       const std::int64_t* const at = v.indices(0);
                       std::fill_n(to, v.out_numel(), T{0});
                       SliceRange range;
                       bool overlap = false;
                       for (std::size_t i = 1; i < v.input_count(); ++i) overlap = range.overlaps(at[i - 1], v.in_numel(i)) || overlap;
                       if (!overlap) {
                         for (std::size_t i = 1; i < v.input_count(); ++i) std::copy_n(v.in(i), v.in_numel(i), to + at[i - 1]);
                         return;
                       }
                       Scratch<T> lost(v.out_numel());
                       std::fill_n(lost.data(), v.out_numel(), T{0});
                       for (std::size_t i = 1; i < v.input_count(); ++i)
                         for (std::int64_t j = 0; j < v.in_numel(i); ++j)
                           add_exactly(to[at[i - 1] + j], lost.data()[at[i - 1] + j], v.in(i)[j]);
                       for (std::int64_t j = 0; j < v.out_numel(); ++j) to[j] += lost.data()[j];
                     }),
                     [](RuleContext& r) {
                       const std::int64_t* const at = r.input_indices(0);
                       for (std::size_t i = 1; i < r.input_count(); ++i)
                         if (r.needs(i)) r.set(i, consecutive("slice", r.grad_out(), at[i - 1], r.input_shape(i)));
                     });
}

}  // namespace detail
}  // namespace chainrule
