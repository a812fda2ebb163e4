#include "autograd/ops/create.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

// Refuses negative sizes with words of its own.
void check_shape(const char* op, const Shape& shape, const SourceLine& line) {
  for (std::int64_t size : shape)
    if (size < 0) throw_invalid(op, text("the shape ", shape, " has a negative size"), line);
}

Tensor fresh(const char* op, DType dtype, const Shape& shape, const SourceLine& line) {
  check_shape(op, shape, line);
  return make_plain(op, line, dtype, shape);
}

void literal_shape(const Literal& literal, int depth, Shape& shape, bool& first, const SourceLine& line) {
  if (!literal.is_list()) {
    if (first) {
      first = false;
    } else if (depth != shape.rank()) {
      throw_invalid("tensor", text("got a number at depth ", depth, ", expected numbers at depth ", shape.rank(), " only"), line);
    }
    return;
  }
  const auto count = static_cast<std::int64_t>(literal.items().size());
  if (first) {
    shape.push_back(count);
    if (count == 0) first = false;
  } else if (depth >= shape.rank()) {
    throw_invalid("tensor", text("got a list at depth ", depth, ", expected a number"), line);
  } else if (shape[depth] != count) {
    throw_invalid("tensor", text("a list at depth ", depth, " has ", count, " items, expected ", shape[depth], " like the first"), line);
  }
  for (const Literal& item : literal.items()) literal_shape(item, depth + 1, shape, first, line);
}

template <class T>
T* write_literal(const Literal& literal, T* to, const SourceLine& line) {
  if (!literal.is_list()) {
    check_number("tensor", "a number", literal.number(), dtype_of<T>, line);
    *to = element_of<T>(literal.number());
    return to + 1;
  }
  for (const Literal& item : literal.items()) to = write_literal(item, to, line);
  return to;
}

std::uint64_t unsigned_of(std::int64_t number) noexcept { return static_cast<std::uint64_t>(number); }

Tensor filled(const char* op, const Shape& shape, NumberArg value, DType dtype, const SourceLine& line) {
  check_number(op, "the value", value, dtype, line);
  Tensor y = fresh(op, dtype, shape, line);
  visit_dtype(dtype, [&]<class T>() { std::fill_n(mutable_values<T>(y), node_of(y)->numel, element_of<T>(value)); });
  return y;
}

constexpr std::int64_t kBlockGrain = 4096;  // Philox blocks per piece of a parallel loop

// Fills y with the lanes that f(block, lanes) makes of each block: four in float, two in double.
template <class T, class F>
void fill_random(T* to, std::int64_t n, Generator& generator, F f) {
  constexpr int lanes = sizeof(T) == 4 ? 4 : 2;
  const std::int64_t blocks = (n + lanes - 1) / lanes;
  const std::uint64_t first = generator.take(static_cast<std::uint64_t>(blocks));
  const std::uint64_t seed = generator.seed();
  kernels::parallel_pieces(blocks, kBlockGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      T lane_values[4];
      f(philox(seed, first + static_cast<std::uint64_t>(block)), lane_values);
      const std::int64_t at = block * lanes;
      std::copy_n(lane_values, std::min<std::int64_t>(lanes, n - at), to + at);
    }
  });
}

double unit53(std::uint32_t high, std::uint32_t low) noexcept {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

// Uniform numbers in [0, 1) with as many bits as the type holds: four to a block in float, two in double.
void uniform_lanes(const PhiloxBlock& block, float* y) noexcept {
  for (int lane = 0; lane < 4; ++lane) y[lane] = static_cast<float>(block.words[lane] >> 8) * 0x1p-24F;
}
void uniform_lanes(const PhiloxBlock& block, double* y) noexcept {
  for (int lane = 0; lane < 2; ++lane) y[lane] = unit53(block.words[2 * lane], block.words[2 * lane + 1]);
}

// Two normal numbers from two uniform ones, the first of them in (0, 1].
void box_muller(double u, double v, double& a, double& b) noexcept {
  const double radius = std::sqrt(-2 * std::log(1 - u));
  a = radius * std::cos(2 * std::numbers::pi * v);
  b = radius * std::sin(2 * std::numbers::pi * v);
}
void normal_lanes(const PhiloxBlock& block, float* y) noexcept {
  for (int pair = 0; pair < 2; ++pair) {
    double a = 0, b = 0;
    box_muller(static_cast<double>(block.words[2 * pair]) * 0x1p-32, static_cast<double>(block.words[2 * pair + 1]) * 0x1p-32, a, b);
    y[2 * pair] = static_cast<float>(a);
    y[2 * pair + 1] = static_cast<float>(b);
  }
}
void normal_lanes(const PhiloxBlock& block, double* y) noexcept {
  box_muller(unit53(block.words[0], block.words[1]), unit53(block.words[2], block.words[3]), y[0], y[1]);
}

void check_floating(const char* op, DType dtype, const SourceLine& line) {
  if (!is_floating(dtype)) throw_invalid(op, "got int64, expected float32 or float64", line);
}

// Random makers draw anew each time they run, so their computing parts capture the generator by its address.

Tensor uniform(const char* op, const Shape& shape, Generator& generator, DType dtype, const SourceLine& line) {
  check_floating(op, dtype, line);
  check_shape(op, shape, line);
  return make_result(op, line, dtype, shape, {}, floating([from = &generator]<class T>(const OpValues<T>& v) {
                       fill_random(v.out(), v.out_numel(), *from, [](const PhiloxBlock& block, T* to) { uniform_lanes(block, to); });
                     }),
                     kNoRule);
}

Tensor normal(const char* op, const Shape& shape, Generator& generator, DType dtype, const SourceLine& line) {
  check_floating(op, dtype, line);
  check_shape(op, shape, line);
  return make_result(op, line, dtype, shape, {}, floating([from = &generator]<class T>(const OpValues<T>& v) {
                       fill_random(v.out(), v.out_numel(), *from, [](const PhiloxBlock& block, T* to) { normal_lanes(block, to); });
                     }),
                     kNoRule);
}

}  // namespace

Tensor tensor(const Literal& literal, DType dtype, SourceLine line) {
  Shape shape;
  bool first = true;
  literal_shape(literal, 0, shape, first, line);
  Tensor y = fresh("tensor", dtype, shape, line);
  visit_dtype(dtype, [&]<class T>() { write_literal(literal, mutable_values<T>(y), line); });
  return y;
}

Tensor variable(const Literal& literal, DType dtype, SourceLine line) {
  check_floating("variable", dtype, line);
  Tensor y = tensor(literal, dtype, line);
  y.set_requires_grad(true);
  return y;
}

template <class T>
Tensor from_vector(const std::vector<T>& from, const Shape& shape, SourceLine line) {
  using Element = std::conditional_t<std::is_same_v<T, int>, std::int64_t, T>;
  if (shape.numel() != static_cast<std::int64_t>(from.size()))
    throw_invalid("from_vector", text("got ", from.size(), " values for shape ", shape, ", expected ", shape.numel()), line);
  Tensor y = fresh("from_vector", dtype_of<Element>, shape, line);
  std::copy(from.begin(), from.end(), mutable_values<Element>(y));
  return y;
}

template Tensor from_vector<float>(const std::vector<float>&, const Shape&, SourceLine);
template Tensor from_vector<double>(const std::vector<double>&, const Shape&, SourceLine);
template Tensor from_vector<int>(const std::vector<int>&, const Shape&, SourceLine);
template Tensor from_vector<std::int64_t>(const std::vector<std::int64_t>&, const Shape&, SourceLine);

Tensor full(const Shape& shape, NumberArg value, DType dtype, SourceLine line) { return filled("full", shape, value, dtype, line); }
Tensor zeros(const Shape& shape, DType dtype, SourceLine line) { return filled("zeros", shape, 0, dtype, line); }
Tensor ones(const Shape& shape, DType dtype, SourceLine line) { return filled("ones", shape, 1, dtype, line); }

Tensor eye(std::int64_t n, DType dtype, SourceLine line) {
  Tensor y = filled("eye", Shape{n, n}, 0, dtype, line);
  visit_dtype(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < n; ++i) mutable_values<T>(y)[i * (n + 1)] = 1;
  });
  return y;
}

Tensor arange(NumberArg start, NumberArg stop, NumberArg step, DType dtype, SourceLine line) {
  const double first = start.value(), last = stop.value(), by = step.value();
  const auto refuse = [&](const char* why) {
    throw_invalid("arange", text("start ", first, ", stop ", last, ", step ", by, ": ", why), line);
  };
  if (by == 0 || !std::isfinite(first) || !std::isfinite(last) || !std::isfinite(by))
    refuse("expected finite numbers and a step other than 0");
  check_number("arange", "start", start, dtype, line);
  check_number("arange", "stop", stop, dtype, line);
  check_number("arange", "step", step, dtype, line);
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t count = 0;
  if (is_floating(dtype)) {
    const double exact = std::max(0.0, std::ceil((last - first) / by));
    count = exact <= static_cast<double>(kMost) ? static_cast<std::int64_t>(exact) : kMost + 1;
  } else if (const auto from = element_of<std::int64_t>(start), to = element_of<std::int64_t>(stop), each = element_of<std::int64_t>(step);
             each > 0 ? from < to : from > to) {
    // Unsigned, since the distance may be too large for int64.
    const auto distance = each > 0 ? unsigned_of(to) - unsigned_of(from) : unsigned_of(from) - unsigned_of(to);
    const auto stride = each > 0 ? unsigned_of(each) : 0 - unsigned_of(each);
    count = static_cast<std::int64_t>(std::min<std::uint64_t>((distance - 1) / stride, kMost)) + 1;
  }
  if (count > kMost) refuse("too many elements");
  Tensor y = make_plain("arange", line, dtype, Shape{count});
  visit_dtype(dtype, [&]<class T>() {
    for (std::int64_t i = 0; i < count; ++i) {
      if constexpr (std::is_integral_v<T>) {
        mutable_values<T>(y)[i] = static_cast<T>(unsigned_of(element_of<T>(start)) + unsigned_of(i) * unsigned_of(element_of<T>(step)));
      } else {
        mutable_values<T>(y)[i] = static_cast<T>(first + static_cast<double>(i) * by);
      }
    }
  });
  return y;
}

Tensor arange(NumberArg stop, SourceLine line) { return arange(0, stop, 1, default_dtype(), line); }

Tensor linspace(NumberArg start, NumberArg stop, std::int64_t count, DType dtype, SourceLine line) {
  if (count < 0) throw_invalid("linspace", text("count is ", count, ", expected at least 0"), line);
  const auto check_end = [&](const char* what, const NumberArg& end) {
    check_number("linspace", what, end, dtype, line);
    constexpr std::int64_t kMost = std::int64_t{1} << 53;  // the numbers are computed in double
    if (!is_floating(dtype) && (end.integer() > kMost || end.integer() < -kMost))
      throw_invalid("linspace", text(what, " is ", end.integer(), ", expected -2^53 to 2^53 for int64"), line);
  };
  check_end("start", start);
  check_end("stop", stop);
  const double first = start.value(), last = stop.value();
  Tensor y = make_plain("linspace", line, dtype, Shape{count});
  const double step = count > 1 ? (last - first) / static_cast<double>(count - 1) : 0;
  visit_dtype(dtype, [&]<class T>() {
    // Counts from both ends, so that the last element is exactly `stop`.
    for (std::int64_t i = 0; i < count; ++i)
      mutable_values<T>(y)[i] =
          static_cast<T>(2 * i < count ? first + static_cast<double>(i) * step : last - static_cast<double>(count - 1 - i) * step);
  });
  return y;
}

Tensor rand(const Shape& shape, Generator& generator, DType dtype, SourceLine line) {
  return uniform("rand", shape, generator, dtype, line);
}

Tensor rand(const Shape& shape, DType dtype, SourceLine line) { return rand(shape, default_generator(), dtype, line); }

Tensor randn(const Shape& shape, Generator& generator, DType dtype, SourceLine line) {
  return normal("randn", shape, generator, dtype, line);
}

Tensor randn(const Shape& shape, DType dtype, SourceLine line) { return randn(shape, default_generator(), dtype, line); }

Tensor full_like(const TensorArg& x, NumberArg value) {
  Node* node = defined_node("full_like", x.tensor(), x.line());
  return filled("full_like", shape_of(node), value, node->dtype, x.line());
}

Tensor zeros_like(const TensorArg& x) {
  Node* node = defined_node("zeros_like", x.tensor(), x.line());
  return filled("zeros_like", shape_of(node), 0, node->dtype, x.line());
}

Tensor ones_like(const TensorArg& x) {
  Node* node = defined_node("ones_like", x.tensor(), x.line());
  return filled("ones_like", shape_of(node), 1, node->dtype, x.line());
}

Tensor rand_like(const TensorArg& x, Generator& generator) {
  Node* node = defined_node("rand_like", x.tensor(), x.line());
  return uniform("rand_like", shape_of(node), generator, node->dtype, x.line());
}

Tensor rand_like(const TensorArg& x) { return rand_like(x, default_generator()); }

Tensor randn_like(const TensorArg& x, Generator& generator) {
  Node* node = defined_node("randn_like", x.tensor(), x.line());
  return normal("randn_like", shape_of(node), generator, node->dtype, x.line());
}

Tensor randn_like(const TensorArg& x) { return randn_like(x, default_generator()); }

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator, SourceLine line) {
  if (low >= high) throw_invalid("randint", text("low is ", low, " and high is ", high, ", expected low < high"), line);
  check_shape("randint", shape, line);
  return make_result(
      "randint", line, DType::int64, shape, {},
      [from = &generator, low, high](const OpContext& context) {
        const OpValues<std::int64_t> v(context);
        const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
        for (std::int64_t i = 0; i < v.out_numel(); ++i)
          v.out()[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + from->below(range));
      },
      kNoRule);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, SourceLine line) {
  return randint(low, high, shape, default_generator(), line);
}

Tensor randperm(std::int64_t n, Generator& generator, SourceLine line) {
  check_shape("randperm", Shape{n}, line);
  return make_result(
      "randperm", line, DType::int64, Shape{n}, {},
      [from = &generator](const OpContext& context) {
        const OpValues<std::int64_t> v(context);
        std::int64_t* const to = v.out();
        std::iota(to, to + v.out_numel(), std::int64_t{0});
        for (std::int64_t i = v.out_numel() - 1; i > 0; --i) std::swap(to[i], to[from->below(static_cast<std::uint64_t>(i) + 1)]);
      },
      kNoRule);
}

Tensor randperm(std::int64_t n, SourceLine line) { return randperm(n, default_generator(), line); }

Tensor bernoulli(double probability, const Shape& shape, Generator& generator, DType dtype, SourceLine line) {
  if (!(probability >= 0 && probability <= 1))
    throw_invalid("bernoulli", text("the probability is ", probability, ", expected 0 to 1"), line);
  check_floating("bernoulli", dtype, line);
  check_shape("bernoulli", shape, line);
  return make_result("bernoulli", line, dtype, shape, {}, floating([from = &generator, probability]<class T>(const OpValues<T>& v) {
                       T* const to = v.out();
                       fill_random(to, v.out_numel(), *from, [](const PhiloxBlock& block, T* lanes) { uniform_lanes(block, lanes); });
                       for (std::int64_t i = 0; i < v.out_numel(); ++i) to[i] = static_cast<double>(to[i]) < probability ? T{1} : T{0};
                     }),
                     kNoRule);
}

Tensor bernoulli(double probability, const Shape& shape, DType dtype, SourceLine line) {
  return bernoulli(probability, shape, default_generator(), dtype, line);
}

}  // namespace chainrule
