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

// Returns true if all of n indices point into an axis of this size; without a branch for each.
bool are_in_range(const std::int64_t* index, std::int64_t n, std::int64_t size) {
  std::uint64_t signs = 0;  // the sign bit is set if an index or its distance to the last one is negative
  for (std::int64_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::uint64_t>(index[i]);
    signs |= at | (static_cast<std::uint64_t>(size) - 1 - at);
  }
  return static_cast<std::int64_t>(signs) >= 0;
}

// Refuses an index that does not point into an axis of this size.
[[gnu::cold, gnu::noinline]] void refuse_indices(const OpContext& context, std::size_t input, const char* what, std::int64_t size) {
  const OpValues<std::int64_t> v(context);
  const std::int64_t* const values = v.in(input);
  for (std::int64_t i = 0; i < v.in_numel(input); ++i)
    if (values[i] < 0 || values[i] >= size) context.fail(what, " holds ", values[i], " at position ", i, ", expected 0 to ", size - 1);
}

// The same for all indices; returns them.
const std::int64_t* check_indices(const OpContext& context, std::size_t input, const char* what, std::int64_t size) {
  const OpValues<std::int64_t> v(context);
  if (!are_in_range(v.in(input), v.in_numel(input), size)) refuse_indices(context, input, what, size);
  return v.in(input);
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
  if (count == 2) {
    const T* const second = from + rows[1] * inner;
    for (std::int64_t i = 0; i < inner; ++i) to[i] = start[i] + second[i];
    return;
  }
  constexpr std::int64_t kColumns = 256;
  double sums[kColumns], lost[kColumns];
  for (std::int64_t first = 0; first < inner; first += kColumns) {
    const std::int64_t n = std::min(kColumns, inner - first);
    std::copy_n(start + first, n, sums);
    if (std::is_same_v<T, double>) std::fill_n(lost, n, 0.0);
    std::int64_t k = 1;
    if constexpr (!std::is_same_v<T, double>) {
      for (; k + 4 <= count; k += 4) {
        const T *const a = from + rows[k] * inner + first, *const b = from + rows[k + 1] * inner + first;
        const T *const c = from + rows[k + 2] * inner + first, *const d = from + rows[k + 3] * inner + first;
        for (std::int64_t i = 0; i < n; ++i)
          sums[i] += (static_cast<double>(a[i]) + static_cast<double>(b[i])) + (static_cast<double>(c[i]) + static_cast<double>(d[i]));
      }
    }
    for (; k < count; ++k) {
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
  const auto add_group = [&](std::int64_t o, std::int64_t d, std::int64_t first, std::int64_t last) {
    add_rows(from + o * count * span.inner, order.data() + first, last - first, span.inner, to + (o * span.n + d) * span.inner);
  };
  const std::int64_t grain = std::max<std::int64_t>(1, kElementGrain / span.inner);
  if (count < span.n) {  // most sums are 0
    std::fill_n(to, span.outer * span.n * span.inner, T{0});
    kernels::parallel_pieces(span.outer * count, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t k = begin, o = begin / count, place = begin % count; k < end; ++k) {
        const std::int64_t d = index[order[static_cast<std::size_t>(place)]];
        const std::int64_t first = d == 0 ? 0 : ends[static_cast<std::size_t>(d) - 1];
        if (place == first) add_group(o, d, first, ends[static_cast<std::size_t>(d)]);
        if (++place == count) place = 0, ++o;
      }
    });
    return;
  }
  kernels::parallel_pieces(span.outer * span.n, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin, o = begin / span.n, d = begin % span.n; row < end; ++row) {
      add_group(o, d, d == 0 ? 0 : ends[static_cast<std::size_t>(d) - 1], ends[static_cast<std::size_t>(d)]);
      if (++d == span.n) d = 0, ++o;
    }
  });
}

// The index Tensor of gather and scatter_add as lines along the axis. A line is [n, columns]: its element (k, c) is at `start` + k · step +
// c of the index, and picks the element `from` + index · stride + c of the tensor. If an axis of size 1 would make lines of one element,
// they lie along the next axis: element k is at `start` + k · step and picks `from` + index · stride + k · advance.
struct PickLines {
  struct Line {
    std::int64_t start, from;
  };

  std::int64_t lines = 1, n = 1, columns = 1;
  std::int64_t size = 1;              // of the tensor along the axis
  std::int64_t step = 1, stride = 1;  // from one position to the next: in the index, in the tensor
  std::int64_t advance = 0;
  bool shared = false;

  PickLines(const Shape& tensor, const Shape& index, int axis) : n(index[axis]), size(tensor[axis]) {
    std::int64_t in_index = 1, in_tensor = 1;
    for (int at = tensor.rank() - 1; at >= 0; --at) {
      if (at == axis) {
        step = in_index;
        stride = in_tensor;
      } else if (at > axis && columns == in_index && in_index == in_tensor) {
        columns *= index[at];  // consecutive in both
      } else {
        add_loop({index[at], in_index, in_tensor});
      }
      in_index *= index[at];
      in_tensor *= tensor[at];
    }
    if (n == 1 && columns == 1 && loops_ > 0 && lines > 0) {
      n = loop_[0].size;
      step = loop_[0].in_index;
      advance = loop_[0].in_tensor;
      lines /= n;
      std::copy_n(loop_ + 1, --loops_, loop_);
    }
  }

  // The lines of index_select, which share the index: element (k, c) picks with index[k].
  PickLines(const Span& span, std::int64_t count)
      : lines(1), n(count), columns(span.inner), size(span.n), step(span.inner), stride(span.inner), shared(true) {
    add_loop({span.outer, count * span.inner, span.n * span.inner});
  }

  // Calls f(line, part) for the units [begin, end), of which each line has `parts`.
  template <class F>
  void for_each(std::int64_t begin, std::int64_t end, std::int64_t parts, const F& f) const {
    std::int64_t at[Shape::kMaxRank] = {};
    Line line{0, 0};
    std::int64_t rest = begin / parts, part = begin % parts;
    for (int i = 0; i < loops_; ++i) {
      at[i] = rest % loop_[i].size;
      rest /= loop_[i].size;
      line.start += at[i] * loop_[i].in_index;
      line.from += at[i] * loop_[i].in_tensor;
    }
    for (std::int64_t unit = begin; unit < end; ++unit) {
      f(line, part);
      if (++part < parts) continue;
      part = 0;
      for (int i = 0; i < loops_; ++i) {
        line.start += loop_[i].in_index;
        line.from += loop_[i].in_tensor;
        if (++at[i] < loop_[i].size) break;
        line.start -= at[i] * loop_[i].in_index;
        line.from -= at[i] * loop_[i].in_tensor;
        at[i] = 0;
      }
    }
  }

  // Calls f(position in the index, index, what is added to the offset that the index gives) for `count` columns from `first` on, for k in
  // [begin, end).
  template <class F>
  [[gnu::always_inline]] void for_each_pick(const std::int64_t* index, const Line& line, std::int64_t begin, std::int64_t end,
                                            std::int64_t first, std::int64_t count, const F& f) const {
    const std::int64_t start = line.start + first;
    if (shared) {
      for (std::int64_t k = begin; k < end; ++k)
        for (std::int64_t c = 0; c < count; ++c) f(start + k * step + c, index[k], c);
    } else if (count == 1 && step == 1 && advance == 0) {
      for (std::int64_t i = start + begin; i < start + end; ++i) f(i, index[i], 0);
    } else if (count == 1) {
      for (std::int64_t k = begin; k < end; ++k) f(start + k * step, index[start + k * step], k * advance);
    } else {
      for (std::int64_t k = begin; k < end; ++k)
        for (std::int64_t c = 0, i = start + k * step; c < count; ++c, ++i) f(i, index[i], c);
    }
  }

 private:
  struct Loop {
    std::int64_t size, in_index, in_tensor;
  };

  void add_loop(const Loop& loop) {
    lines *= loop.size;
    if (loop.size == 1) return;
    if (loops_ > 0) {
      Loop& last = loop_[loops_ - 1];
      if (last.size * last.in_index == loop.in_index && last.size * last.in_tensor == loop.in_tensor) {
        last.size *= loop.size;
        return;
      }
    }
    loop_[loops_++] = loop;
  }

  Loop loop_[Shape::kMaxRank];  // the inner first
  int loops_ = 0;
};

constexpr std::int64_t kSumsAtOnce = 16 * 1024;  // sums that are kept beside the result: they fit the second-level cache

// Sums of floats by index, as exact as sum(): in double, and those of double with what each addition rounds away.
template <class T>
struct ExactSums {
  static constexpr bool kBoth = std::is_same_v<T, double>;

  double* sums;
  double* lost;

  void start(std::int64_t at, T value) const {
    sums[at] = static_cast<double>(value);
    if constexpr (kBoth) lost[at] = 0;
  }
  void add(std::int64_t at, T value) const {
    if constexpr (kBoth) {
      add_exactly(sums[at], lost[at], value);
    } else {
      sums[at] += static_cast<double>(value);
    }
  }
  T result(std::int64_t at) const { return static_cast<T>(kBoth ? sums[at] + lost[at] : sums[at]); }
};

// The values of gather. A unit of work is a part of a line.
template <class Word>
void pick(const OpValues<Word>& v, int axis) {
  if (v.out_numel() == 0) return;
  const PickLines lines(v.in_shape(0), v.out_shape(), axis);
  const std::int64_t* const index = v.indices(1);
  const Word* const from = v.in();
  Word* const to = v.out();
  const std::int64_t size = lines.size;
  const std::int64_t length = std::clamp<std::int64_t>(kElementGrain / lines.columns, 1, lines.n), parts = (lines.n - 1) / length + 1;
  const auto pick_units = [&](std::int64_t first, std::int64_t last, auto stride) {
    lines.for_each(first, last, parts, [&](const PickLines::Line& line, std::int64_t part) {
      const std::int64_t begin = part * length, end = std::min(begin + length, lines.n);
      const Word* const start = from + line.from;
      lines.for_each_pick(index, line, begin, end, 0, lines.columns, [=, &v](std::int64_t i, std::int64_t at, std::int64_t c) {
        if (static_cast<std::uint64_t>(at) >= static_cast<std::uint64_t>(size)) [[unlikely]]
          refuse_indices(v, 1, "the index", size);
        to[i] = start[at * stride + c];
      });
    });
  };
  kernels::parallel_pieces(lines.lines * parts, std::max<std::int64_t>(1, kElementGrain / (length * lines.columns)),
                           [&](std::int64_t first, std::int64_t last) {
                             if (lines.stride == 1) return pick_units(first, last, std::integral_constant<std::int64_t, 1>());
                             pick_units(first, last, lines.stride);
                           });
}

// The elements that are added up by index: to = base, or 0 without one, with from[i] added at each pick.
template <class T>
struct Addends {
  PickLines lines;
  const std::int64_t* index;
  const T* base;
  const T* from;
  T* to;
  std::int64_t numel;  // of the result

  void fill() const { base != nullptr ? static_cast<void>(std::copy_n(base, numel, to)) : static_cast<void>(std::fill_n(to, numel, T{0})); }
  // Calls f(position in the index, offset in the result) for each pick.
  template <class F>
  void for_each_pick(const F& f) const {
    lines.for_each(0, lines.lines, 1, [&](const PickLines::Line& line, std::int64_t) {
      lines.for_each_pick(index, line, 0, lines.n, 0, lines.columns,
                          [&](std::int64_t i, std::int64_t at, std::int64_t c) { f(i, line.from + at * lines.stride + c); });
    });
  }
};

// Adds up a block of columns at a time, in sums beside the result. Returns false if these would take more memory than the result.
template <class T>
bool add_in_blocks(const Addends<T>& a) {
  const PickLines& lines = a.lines;
  constexpr std::int64_t kCacheLine = 64 / sizeof(T);
  const std::int64_t block = std::min(lines.columns, std::max(kSumsAtOnce / lines.size, kCacheLine));
  const std::int64_t room = lines.size * block, blocks = (lines.columns - 1) / block + 1;
  if (room > std::max(kSumsAtOnce, a.numel / 2)) return false;
  const bool sparse = lines.n < lines.size / 4;  // only the sums that are picked are visited
  if (sparse || lines.lines * lines.columns * lines.size < a.numel) a.fill();
  const auto add_units = [&](std::int64_t begin, std::int64_t end) {  // a unit is a block of a line
    Scratch<double> scratch(ExactSums<T>::kBoth ? 2 * room : room);
    const ExactSums<T> sums{scratch.data(), scratch.data() + (ExactSums<T>::kBoth ? room : 0)};
    const T *const base = a.base, *const from = a.from;
    T* const to = a.to;
    lines.for_each(begin, end, blocks, [&](const PickLines::Line& line, std::int64_t part) {
      const std::int64_t first = part * block, count = std::min(block, lines.columns - first), stride = lines.stride;
      const std::int64_t origin = line.from + first;
      const auto each_pick = [&]<class F>(const F& f) { lines.for_each_pick(a.index, line, 0, lines.n, first, count, f); };
      const auto each_sum = [&]<class F>(const F& f) {
        if (sparse) {
          each_pick([=](std::int64_t, std::int64_t at, std::int64_t c) { f(at * count + c, origin + at * stride + c); });
        } else if (count == 1) {
          for (std::int64_t at = 0; at < lines.size; ++at) f(at, origin + at * stride);
        } else {
          for (std::int64_t at = 0; at < lines.size; ++at)
            for (std::int64_t c = 0; c < count; ++c) f(at * count + c, origin + at * stride + c);
        }
      };
      if (base == nullptr) {
        each_sum([=](std::int64_t sum, std::int64_t) { sums.start(sum, T{0}); });
      } else {
        each_sum([=](std::int64_t sum, std::int64_t offset) { sums.start(sum, base[offset]); });
      }
      each_pick([=](std::int64_t i, std::int64_t at, std::int64_t c) { sums.add(at * count + c, from[i]); });
      each_sum([=](std::int64_t sum, std::int64_t offset) { to[offset] = sums.result(sum); });
    });
  };
  if (room > kSumsAtOnce) {
    add_units(0, lines.lines * blocks);  // on one thread, so that there is one set of sums
  } else {
    const std::int64_t work = block * (lines.n + (sparse ? 1 : lines.size));
    kernels::parallel_pieces(lines.lines * blocks, std::max<std::int64_t>(1, kElementGrain / work), add_units);
  }
  return true;
}

// Adds up in the result itself, and what each addition rounds away beside it.
template <class T>
void add_in_place(const Addends<T>& a) {
  Scratch<T> scratch(a.numel);
  T* const to = a.to;
  T* const lost = scratch.data();
  const bool dense = a.lines.lines * a.lines.n * a.lines.columns > a.numel / 8;  // else only the places that are picked are visited
  a.fill();
  if (dense) {
    std::fill_n(lost, a.numel, T{0});
  } else {
    a.for_each_pick([=](std::int64_t, std::int64_t offset) { lost[offset] = 0; });
  }
  a.for_each_pick([=, from = a.from](std::int64_t i, std::int64_t offset) { add_exactly(to[offset], lost[offset], from[i]); });
  if (dense) {
    for (std::int64_t i = 0; i < a.numel; ++i) to[i] += lost[i];
  } else {
    a.for_each_pick([=](std::int64_t, std::int64_t offset) {
      to[offset] += lost[offset];
      lost[offset] = 0;
    });
  }
}

// to = base, or 0 without one, with from[i] added where the index picks.
template <class T>
void add_picked(const Shape& shape, const Shape& picked, int axis, const std::int64_t* index, const T* base, const T* from, T* to) {
  const PickLines lines(shape, picked, axis);
  const Addends<T> a{lines, index, base, from, to, shape.numel()};
  if (picked.numel() == 0) return a.fill();
  if constexpr (std::is_floating_point_v<T>) {
    if (picked[axis] > 1) {  // several elements may be added at one place
      if (!add_in_blocks(a)) add_in_place(a);
      return;
    }
  }
  a.fill();
  using Sum = std::conditional_t<std::is_integral_v<T>, std::make_unsigned<T>, std::type_identity<T>>::type;  // integers wrap around
  a.for_each_pick(
      [=](std::int64_t i, std::int64_t offset) { to[offset] = static_cast<T>(static_cast<Sum>(to[offset]) + static_cast<Sum>(from[i])); });
}

// Zeros of a shape, with the elements of `source` added where the index picks: the gradient of gather.
Tensor gather_gradient(const Shape& shape, int axis, const Tensor& index, const Tensor& source) {
  const Tensor* inputs[] = {&index, &source};
  return make_result("gather_gradient", SourceLine::current(), node_of(source)->dtype, shape, inputs,
                     floating([axis]<class T>(const OpValues<T>& v) {
                       add_picked<T>(v.out_shape(), v.in_shape(0), axis, v.indices(0), nullptr, v.in(1), v.out());
                     }),
                     [axis](RuleContext& r) {
                       if (r.needs(1)) r.set(1, gather(r.grad_out(), axis, r.input(0)));
                     });
}

constexpr std::int64_t kFewColumns = 4;  // so few elements of a row are added up faster one by one

// Zeros of a shape, with the slices of `source` added at `index` along an axis: the gradient of index_select.
Tensor index_add(const Shape& shape, int axis, const Tensor& index, const Tensor& source) {
  const Tensor* inputs[] = {&index, &source};
  return make_result(
      "index_add", SourceLine::current(), node_of(source)->dtype, shape, inputs, floating([axis]<class T>(const OpValues<T>& v) {
        if (v.out_numel() == 0) return;
        const Span span = around(v.out_shape(), axis);
        const std::int64_t count = v.in_numel(0);
        if (span.inner < kFewColumns && add_in_blocks<T>({PickLines(span, count), v.indices(0), nullptr, v.in(1), v.out(), v.out_numel()}))
          return;
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
  const int at = checked_axis("index_select", axis, sizes_of(node), x.line());
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
  const int at = checked_axis("gather", axis, from, x.line());
  const Node* picked = index_node("gather", "the index", index, x.line());
  check_pick_shape("gather", from, shape_of(picked), at, x.line());
  const Tensor* inputs[] = {&x.tensor(), &index};
  return make_result("gather", x.line(), node->dtype, shape_of(picked), inputs,
                     by_width([at]<class Word>(const OpValues<Word>& v) { pick(v, at); }), [at](RuleContext& r) {
                       if (r.needs(0)) r.set(0, gather_gradient(r.input_shape(0), at, r.input(1), r.grad_out()));
                     });
}

Tensor scatter_add(const TensorArg& x, int axis, const Tensor& index, const Tensor& source) {
  const Node* node = defined_node("scatter_add", x.tensor(), x.line());
  const Node* added = defined_node("scatter_add", source, x.line());
  const Shape shape = shape_of(node);
  const int at = checked_axis("scatter_add", axis, shape, x.line());
  const Node* picked = index_node("scatter_add", "the index", index, x.line());
  if (added->dtype != node->dtype) throw_invalid("scatter_add", text("the source is ", added->dtype, ", expected ", node->dtype), x.line());
  check_pick_shape("scatter_add", shape, shape_of(picked), at, x.line());
  if (shape_of(added) != shape_of(picked))
    throw_invalid("scatter_add", text("the source has shape ", shape_of(added), ", expected ", shape_of(picked), " like the index"),
                  x.line());
  const Tensor* inputs[] = {&x.tensor(), &index, &source};
  return make_result("scatter_add", x.line(), node->dtype, shape, inputs, any_dtype([at]<class T>(const OpValues<T>& v) {
                       const std::int64_t* const indices = check_indices(v, 1, "the index", v.out_shape()[at]);
                       add_picked<T>(v.out_shape(), v.in_shape(1), at, indices, v.in(), v.in(2), v.out());
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
