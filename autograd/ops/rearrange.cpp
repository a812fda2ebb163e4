// repeat, split, chunk, flip and pad.
#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

#include "autograd/ops/create.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/strided.h"

namespace chainrule {

using namespace detail;

namespace {

// The number of repeats along each axis.
struct Repeats {
  Shape shape;  // of x, with axes of size 1 in front
  Shape times;
};

// The gradient of repeat: each axis, from the last to the first, is viewed as [repeats, size] and summed over the repeats.
Tensor sum_repeats(Tensor gradient, const Repeats& repeats) {
  std::int64_t run = 1;
  for (int axis = repeats.shape.rank() - 1; axis >= 0; --axis) {
    run *= repeats.shape[axis];
    const std::int64_t times = repeats.times[axis];
    if (times == 1) continue;
    std::int64_t outer = 1;
    for (int before = 0; before < axis; ++before) outer *= repeats.shape[before] * repeats.times[before];
    gradient = sum(reshape(gradient, Shape{outer, times, run}), 1);
  }
  return gradient;
}

// Repeats the n words of x into the `count` words of y. They are copied to the end of y; then each axis, from the last to the first, is
// repeated in place towards the front.
template <class Word>
void spread_repeats(const Word* x, std::int64_t n, const Repeats& repeats, Word* y, std::int64_t count) {
  Word* const end = y + count;
  Word* front = end - n;
  std::copy_n(x, n, front);
  std::int64_t run = 1;
  for (int axis = repeats.shape.rank() - 1; axis >= 0; --axis) {
    run *= repeats.shape[axis];
    const std::int64_t times = repeats.times[axis];
    if (times > 1) {
      const std::int64_t outer = (end - front) / run;
      Word* target = end - outer * run * times;
      Word* const spread = target;
      for (std::int64_t o = 0; o < outer; ++o) {
        // The first copy may overlap its source, the others may overlap the next source: they are written after the first.
        std::memmove(target, front + o * run, static_cast<std::size_t>(run) * sizeof(Word));
        for (std::int64_t i = 1; i < times; ++i) std::copy_n(target, run, target + i * run);
        target += run * times;
      }
      front = spread;
    }
    run *= times;
  }
}

void check_parts(const char* op, std::int64_t total, Node* node, int axis, const SourceLine& line) {
  const std::int64_t size = node->sizes()[axis];
  if (total != size)
    throw_invalid(op, text("the sizes add up to ", total, ", expected ", size, " for axis ", axis, " of shape ", shape_of(node)), line);
}

// Cuts the axis into pieces of `size`; the last piece may be shorter.
std::vector<Tensor> cut(const TensorArg& x, int axis, std::int64_t size) {
  const Shape shape = shape_of(x.tensor());
  const std::int64_t whole = shape[axis] / size, rest = shape[axis] - whole * size;
  constexpr std::int64_t kMostPieces = std::int64_t{1} << 24;
  if (whole > kMostPieces)
    throw_invalid("split", text("axis ", axis, " of shape ", shape, " makes ", whole, " pieces, expected at most ", kMostPieces), x.line());
  std::vector<Tensor> pieces;
  if (whole > 1 && axis > 0) {
    // One copy makes all whole pieces contiguous; they are views of it, so that their gradients are collected in one Tensor too.
    const Tensor even = rest == 0 ? x.tensor() : slice(x, axis, 0, whole * size);
    const Span span = around(shape, axis);
    const Tensor rows = permute(reshape(even, Shape{span.outer, whole, size * span.inner}), {1, 0, 2});
    Shape piece = shape;
    piece[axis] = size;
    for (std::int64_t i = 0; i < whole; ++i) pieces.push_back(reshape(rows[i], piece));
  } else {
    for (std::int64_t i = 0; i < whole; ++i) pieces.push_back(slice(x, axis, i * size, (i + 1) * size));
  }
  if (rest > 0 || whole == 0) pieces.push_back(slice(x, axis, whole * size, shape[axis]));
  return pieces;
}

// The number of elements added before and after each axis; negative numbers remove elements.
struct Margins {
  static constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::array<std::int64_t, Shape::kMaxRank> before{}, after{};
};

// Copies the overlapping part of two boxes.
template <class Word>
void copy_box(const Word* from, const Shape& source, Word* to, const Shape& target, const Margins& margins) {
  const int rank = source.rank();
  std::int64_t from_steps[Shape::kMaxRank], to_steps[Shape::kMaxRank];
  row_major_steps(source, from_steps);
  row_major_steps(target, to_steps);
  Shape box = source;
  for (int axis = 0; axis < rank; ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    const std::int64_t skipped = std::max<std::int64_t>(0, -margins.before[at]), dropped = std::max<std::int64_t>(0, -margins.after[at]);
    box[axis] = std::max<std::int64_t>(0, source[axis] - skipped - dropped);
    from += skipped * from_steps[axis];
    to += std::max<std::int64_t>(0, margins.before[at]) * to_steps[axis];
  }
  if (box.numel() == 0) return;
  const std::int64_t n = rank == 0 ? 1 : box[rank - 1];
  std::int64_t at[Shape::kMaxRank] = {};
  for (std::int64_t rows = box.numel() / n; rows > 0; --rows) {
    std::copy_n(from, n, to);
    for (int axis = rank - 2; axis >= 0; --axis) {
      from += from_steps[axis];
      to += to_steps[axis];
      if (++at[axis] < box[axis]) break;
      from -= at[axis] * from_steps[axis];
      to -= at[axis] * to_steps[axis];
      at[axis] = 0;
    }
  }
}

// Which axes are reversed.
struct Flip {
  bool turned[Shape::kMaxRank] = {};
};

Tensor pad_by(const TensorArg& x, const Margins& margins, NumberArg value) {
  Node* node = node_of(x.tensor());
  const Shape from = shape_of(node);
  Shape shape = from;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    shape[axis] = size_sum("pad", shape[axis], margins.before[at] + margins.after[at], x.line());
    if (shape[axis] < 0)
      throw_invalid("pad",
                    text("margins ", margins.before[at], " and ", margins.after[at], " remove more elements from axis ", axis, " of shape ",
                         from, " than it has"),
                    x.line());
  }
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("pad", x.line(), node->dtype, shape, inputs, any_dtype([margins, value]<class T>(const OpValues<T>& v) {
                       std::fill_n(v.out(), v.out_numel(), element_of<T>(value));
                       copy_box(v.in(), v.in_shape(), v.out(), v.out_shape(), margins);
                     }),
                     [margins](RuleContext& r) {
                       Margins back;
                       std::transform(margins.before.begin(), margins.before.end(), back.before.begin(), std::negate<>());
                       std::transform(margins.after.begin(), margins.after.end(), back.after.begin(), std::negate<>());
                       r.set(0, pad_by(r.grad_out(), back, 0));
                     });
}

}  // namespace

Tensor repeat(const TensorArg& x, const Shape& repeats) {
  Node* node = defined_node("repeat", x.tensor(), x.line());
  const int extra = repeats.rank() - node->rank;
  if (extra < 0)
    throw_invalid("repeat", text("got ", repeats.rank(), " repeats for shape ", shape_of(node), ", expected one for each axis"), x.line());
  Repeats plan{repeats, repeats};
  Shape shape = repeats;
  for (int axis = 0; axis < repeats.rank(); ++axis) {
    if (repeats[axis] < 0) throw_invalid("repeat", text("the repeats are ", repeats, ", expected no negative number"), x.line());
    plan.shape[axis] = axis < extra ? 1 : node->sizes()[axis - extra];
    shape[axis] = size_product("repeat", repeats[axis], plan.shape[axis], x.line());
  }
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("repeat", x.line(), node->dtype, shape, inputs, by_width([plan]<class Word>(const OpValues<Word>& v) {
                       if (v.out_numel() > 0) spread_repeats(v.in(), v.in_numel(), plan, v.out(), v.out_numel());
                     }),
                     [plan](RuleContext& r) {
                       r.set(0, node_of(r.grad_out())->numel == 0 ? zeros(r.input_shape(0), r.dtype())
                                                                  : reshape(sum_repeats(r.grad_out(), plan), r.input_shape(0)));
                     });
}

std::vector<Tensor> split(const TensorArg& x, std::int64_t size, int axis) {
  Node* node = defined_node("split", x.tensor(), x.line());
  const int at = checked_axis("split", axis, sizes_of(node), x.line());
  if (size < 1) throw_invalid("split", text("the size of a piece is ", size, ", expected at least 1"), x.line());
  const CallerScope caller(x.line());
  return cut(x, at, size);
}

std::vector<Tensor> split(const TensorArg& x, const std::vector<std::int64_t>& sizes, int axis) {
  Node* node = defined_node("split", x.tensor(), x.line());
  const int at = checked_axis("split", axis, sizes_of(node), x.line());
  std::int64_t total = 0;
  for (std::int64_t size : sizes) {
    if (size < 0 || size > node->sizes()[at])
      throw_invalid("split", text("a size is ", size, ", expected 0 to ", node->sizes()[at]), x.line());
    total += size;
  }
  check_parts("split", total, node, at, x.line());
  const CallerScope caller(x.line());
  std::vector<Tensor> pieces;
  std::int64_t start = 0;
  for (std::int64_t size : sizes) {
    pieces.push_back(slice(x, at, start, start + size));
    start += size;
  }
  return pieces;
}

std::vector<Tensor> chunk(const TensorArg& x, std::int64_t chunks, int axis) {
  Node* node = defined_node("chunk", x.tensor(), x.line());
  const int at = checked_axis("chunk", axis, sizes_of(node), x.line());
  if (chunks < 1) throw_invalid("chunk", text("the number of chunks is ", chunks, ", expected at least 1"), x.line());
  const CallerScope caller(x.line());
  const std::int64_t size = node->sizes()[at];
  if (size == 0) return std::vector<Tensor>(static_cast<std::size_t>(chunks), slice(x, at, 0, 0));
  return cut(x, at, size / chunks + (size % chunks != 0));
}

Tensor flip(const TensorArg& x, const Axes& axes) {
  Node* node = defined_node("flip", x.tensor(), x.line());
  const Shape shape = shape_of(node);
  Flip flip_plan;
  bool* const turned = flip_plan.turned;
  for (int axis = 0; axis < shape.rank() && axes.all(); ++axis) turned[axis] = true;
  for (std::int64_t axis : axes) {
    const int at = checked_axis("flip", axis, shape, x.line());
    if (turned[at]) throw_invalid("flip", text("axis ", at, " is listed twice"), x.line());
    turned[at] = true;
  }
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("flip", x.line(), node->dtype, shape, inputs, by_width([flip_plan]<class Word>(const OpValues<Word>& v) {
                       if (v.in_numel() == 0) return;
                       const Shape sizes = v.in_shape();
                       std::int64_t steps[Shape::kMaxRank];
                       row_major_steps(sizes, steps);
                       std::int64_t start = 0;
                       for (int axis = 0; axis < sizes.rank(); ++axis) {
                         if (!flip_plan.turned[axis]) continue;
                         start += (sizes[axis] - 1) * steps[axis];
                         steps[axis] = -steps[axis];
                       }
                       copy_strided(v.in() + start, sizes, steps, v.out());
                     }),
                     [axes](RuleContext& r) { r.set(0, flip(r.grad_out(), axes)); });
}

Tensor pad(const TensorArg& x, const std::vector<std::int64_t>& margins, NumberArg value) {
  Node* node = defined_node("pad", x.tensor(), x.line());
  const auto axes = static_cast<std::int64_t>(margins.size() / 2);
  if (margins.size() % 2 != 0 || axes > node->rank)
    throw_invalid("pad",
                  text("got ", margins.size(), " margins for shape ", shape_of(node),
                       ", expected two for each axis, starting with the last, and at most ", 2 * node->rank),
                  x.line());
  check_number("pad", "the value", value, node->dtype, x.line());
  Margins plan;
  for (std::size_t i = 0; i < margins.size() / 2; ++i) {
    const std::size_t axis = node->rank - 1 - i;
    plan.before[axis] = margins[2 * i];
    plan.after[axis] = margins[2 * i + 1];
    for (std::int64_t margin : {margins[2 * i], margins[2 * i + 1]})
      if (margin > Margins::kMost || margin < -Margins::kMost)
        throw_invalid("pad", text("a margin is ", margin, ", which is too large"), x.line());
  }
  return pad_by(x, plan, value);
}

std::vector<Tensor> meshgrid(const TensorList& tensors, std::string_view indexing) {
  const SourceLine& line = tensors.line();
  if (tensors.size() == 0) throw_invalid("meshgrid", "got no tensors, expected at least one", line);
  if (tensors.size() > Shape::kMaxRank)
    throw_invalid("meshgrid", text("got ", tensors.size(), " tensors, expected at most ", Shape::kMaxRank, ", one for each axis"), line);
  if (indexing != "ij" && indexing != "xy")
    throw_invalid("meshgrid", text("indexing is \"", indexing, "\", expected \"ij\" or \"xy\""), line);
  const auto axis_of = [&](std::size_t i) {
    return indexing == "xy" && tensors.size() > 1 && i < 2 ? 1 - static_cast<int>(i) : static_cast<int>(i);
  };
  const std::vector<std::int64_t> ones(tensors.size(), 1);
  Shape shape(ones);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Node* node = defined_node("meshgrid", tensors[i], line);
    if (node->rank > 1) throw_invalid("meshgrid", text("tensor ", i, " has shape ", shape_of(node), ", expected rank 0 or 1"), line);
    if (node->dtype != node_of(tensors[0])->dtype)
      throw_invalid("meshgrid", text("tensor ", i, " is ", node->dtype, ", expected ", node_of(tensors[0])->dtype, " like tensor 0"), line);
    shape[axis_of(i)] = node->numel;
  }
  const CallerScope caller(line);
  std::vector<Tensor> grids;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Shape along(ones);
    along[axis_of(i)] = node_of(tensors[i])->numel;
    grids.push_back(broadcast_to(reshape(tensors[i], along), shape));
  }
  return grids;
}

}  // namespace chainrule
