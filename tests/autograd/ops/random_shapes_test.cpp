// Random shapes and arguments through every op: it gives what a loop written plainly gives, or throws an invalid_argument that opens
// with the op's name and tells a shape, an axis or a dtype.
// Covers autograd/ops.
#include <autograd/autograd.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <sstream>
#include <typeinfo>

#include "tests/autograd/ops/op_table.h"

namespace cr = chainrule;
using cr::DType;
using cr::Operand;
using cr::Shape;
using cr::Tensor;
using cr::TensorArg;

namespace {

constexpr int kTrials = 400;  // of each op

using Position = std::vector<std::int64_t>;

/// Values and shape, as the plain loops take and give them.
struct Array {
  Shape shape;
  std::vector<double> values;

  Array() = default;
  explicit Array(const Shape& of) : shape(of), values(static_cast<std::size_t>(of.numel())) {}
  explicit Array(const Tensor& x) : shape(x.shape()), values(x.to_vector<double>()) {}

  int rank() const { return shape.rank(); }
  std::size_t offset(const Position& at) const {
    std::int64_t offset = 0;
    for (int axis = 0; axis < rank(); ++axis) offset = offset * shape[axis] + at[static_cast<std::size_t>(axis)];
    return static_cast<std::size_t>(offset);
  }
  double& operator[](const Position& at) { return values[offset(at)]; }
  double operator[](const Position& at) const { return values[offset(at)]; }

  /// Calls f(position) for each element in order.
  template <class F>
  void each(F f) const {
    Position at(static_cast<std::size_t>(rank()), 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
      f(at);
      for (auto axis = at.size(); axis-- > 0;) {
        if (++at[axis] < shape[static_cast<int>(axis)]) break;
        at[axis] = 0;
      }
    }
  }
};

/// The expected result; nullopt for an error.
using Expected = std::optional<Array>;

/// Random arguments.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : generator_(seed) {}

  std::int64_t below(std::int64_t bound) { return static_cast<std::int64_t>(generator_.below(static_cast<std::uint64_t>(bound))); }
  bool chance(std::int64_t one_in) { return below(one_in) == 0; }

  /// Rank 0 to 5, sizes 0 to 4, seldom 0.
  Shape shape(std::int64_t most_rank = 5) {
    Shape shape;
    for (std::int64_t rank = below(most_rank + 1); rank > 0; --rank) shape.push_back(chance(12) ? 0 : 1 + below(rank > 3 ? 2 : 4));
    return shape;
  }
  /// One that broadcasts with another most of the time.
  Shape beside(const Shape& other) {
    if (chance(6)) return shape();
    Shape shape;
    for (int axis = static_cast<int>(below(other.rank() + 1)); axis < other.rank(); ++axis) shape.push_back(chance(3) ? 1 : other[axis]);
    if (chance(5) && shape.rank() < 5) shape.insert(0, 1 + below(3));
    return shape;
  }
  /// Floating numbers with some whole ones, so that equal ones meet.
  Tensor tensor(const Shape& shape, DType dtype = DType::float64) {
    std::vector<double> values(static_cast<std::size_t>(shape.numel()));
    for (double& value : values) value = static_cast<double>(below(13) - 6) / (dtype == DType::int64 ? 1 : 2);
    return cr::from_vector(values, shape).to(dtype);
  }
  Tensor tensor() { return tensor(shape(), dtype()); }
  DType dtype() { return chance(8) ? DType::int64 : chance(4) ? DType::float32 : DType::float64; }
  /// Within the rank most of the time.
  int axis(int rank) {
    if (chance(60)) return chance(2) ? std::numeric_limits<int>::min() : std::numeric_limits<int>::max();
    return static_cast<int>(below(2 * rank + 3)) - rank - 1;
  }
  /// Few axes, none twice most of the time.
  cr::Axes axes(int rank) {
    std::vector<std::int64_t> list;
    for (int at = 0; at < rank; ++at)
      if (chance(2)) list.push_back(chance(2) ? at : at - rank);
    if (chance(10)) list.push_back(axis(rank));
    if (list.size() > 1 && chance(3)) std::swap(list.front(), list.back());
    return cr::Axes(list);
  }
  Tensor index(const Shape& shape, std::int64_t size) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(shape.numel()));
    for (std::int64_t& value : values) value = chance(40) ? below(3) - 1 + (chance(2) ? size : 0) : below(std::max<std::int64_t>(size, 1));
    return chance(20) ? tensor(shape, DType::float64) : cr::from_vector(values, shape);
  }

 private:
  cr::Generator generator_;
};

std::optional<int> place(std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) return std::nullopt;
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

/// The reduced axes; nullopt if one does not exist or is named twice. As in PyTorch, reductions of rank 0 have an axis 0.
std::optional<std::vector<bool>> named(const cr::Axes& axes, int rank, bool rank0_has_one = true) {
  std::vector<bool> gone(static_cast<std::size_t>(rank), axes.all());
  for (const std::int64_t axis : axes) {
    if (rank == 0 && rank0_has_one && (axis == 0 || axis == -1)) continue;
    const std::optional<int> at = place(axis, rank);
    if (!at || gone[static_cast<std::size_t>(*at)]) return std::nullopt;
    gone[static_cast<std::size_t>(*at)] = true;
  }
  return gone;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  Shape result;
  const int rank = std::max(a.rank(), b.rank());
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t x = axis < rank - a.rank() ? 1 : a[axis - (rank - a.rank())],
                       y = axis < rank - b.rank() ? 1 : b[axis - (rank - b.rank())];
    if (x != y && x != 1 && y != 1) return std::nullopt;
    result.push_back(x == 1 ? y : x);
  }
  return result;
}

/// The element of x at a position of a shape to which x broadcasts.
double at_broadcast(const Array& x, const Position& at) {
  Position own;
  for (int axis = 0; axis < x.rank(); ++axis)
    own.push_back(x.shape[axis] == 1 ? 0 : at[at.size() - static_cast<std::size_t>(x.rank()) + static_cast<std::size_t>(axis)]);
  return x[own];
}

bool close(double a, double b) {
  if (std::isnan(b)) return std::isnan(a);
  return a == b || std::abs(a - b) <= 1e-5 * (1 + std::abs(b));
}

std::map<std::string, std::array<int, 2>> outcomes;  // of each op: how often a value, how often an error

/// Requires that the call returns the expected result or throws the expected error.
void check(const std::string& op, const std::function<Tensor()>& call, const Expected& expected, const std::string& arguments) {
  BOOST_TEST_CONTEXT(op << " on " << arguments) {
    try {
      const Tensor y = call();
      ++outcomes[op][0];
      BOOST_TEST_REQUIRE(expected.has_value(), "gives shape " << y.shape() << " where an error was expected");
      BOOST_TEST_REQUIRE(y.shape() == expected->shape);
      const std::vector<double> values = y.to_vector<double>();
      for (std::size_t i = 0; i < values.size(); ++i)
        BOOST_TEST(close(values[i], expected->values[i]), "element " << i << " is " << values[i] << ", expected " << expected->values[i]);
    } catch (const std::exception& error) {
      ++outcomes[op][1];
      const std::string text = error.what();
      BOOST_TEST((typeid(error) == typeid(std::invalid_argument)), typeid(error).name() << ": " << text);
      BOOST_TEST(!expected.has_value(), text);
      BOOST_TEST(text.starts_with(op + ": "), text);
      bool tells = false;
      for (const char* word : {"[", "shape", "axis", "axes", "rank", "int64", "float32", "float64", "size", "elements", "row"})
        tells = tells || text.find(word, op.size()) != std::string::npos;
      BOOST_TEST(tells, text);
      BOOST_TEST(text.find(" (at random_shapes_test.cpp:") != std::string::npos, text);
    }
  }
}

template <class... Parts>
std::string words(const Parts&... parts) {
  std::ostringstream out;
  ((out << parts << ' '), ...);
  return out.str();
}
std::string words(const Tensor& x, const std::string& rest) { return words(x.dtype(), x.shape(), rest); }
std::string text_of(const cr::Axes& axes) {
  std::ostringstream out;
  out << "axes";
  for (const std::int64_t axis : axes) out << ' ' << axis;
  return out.str();
}

/// Calls f(draw) many times, the seed shown when a check fails, and requires that values and errors both occurred.
void trials(const std::string& op, const std::function<void(Draw&)>& f, bool has_errors = true) {
  std::uint64_t start = 0;
  for (const char c : op) start = start * 131 + static_cast<unsigned char>(c);
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    BOOST_TEST_CONTEXT("seed " << start + trial) {
      Draw draw(start + trial);
      f(draw);
    }
  }
  BOOST_TEST(outcomes[op][0] > kTrials / 20, op << " gave a value " << outcomes[op][0] << " times");
  BOOST_TEST((outcomes[op][1] > 0) == has_errors, op << " gave " << outcomes[op][1] << " errors");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_shapes)

BOOST_AUTO_TEST_CASE(unary) {
  for (const cr::test::Table::UnaryOp& row : cr::test::op_table().unary_ops()) {
    trials(
        row.name,
        [&](Draw& draw) {
          const Tensor x = draw.tensor();
          Expected expected;
          if (x.dtype() != DType::int64 || row.int64) {
            expected = Array(x);
            for (double& value : expected->values) value = row.plain(value);
          }
          check(
              row.name, [&] { return row.op(x); }, expected, words(x, ""));
        },
        !row.int64);
  }
}

BOOST_AUTO_TEST_CASE(binary) {
  for (const cr::test::Table::BinaryOp& row : cr::test::op_table().binary_ops()) {
    trials(row.name, [&](Draw& draw) {
      const Tensor a = draw.tensor(), b = draw.tensor(draw.beside(a.shape()), draw.chance(10) ? draw.dtype() : a.dtype());
      Expected expected;
      const std::optional<Shape> shape = broadcast(a.shape(), b.shape());
      if (shape && a.dtype() == b.dtype() && (row.int64 || a.dtype() != DType::int64)) {
        expected = Array(*shape);
        const Array left(a), right(b);
        expected->each([&](const Position& at) { (*expected)[at] = row.plain(at_broadcast(left, at), at_broadcast(right, at)); });
        const bool negative = std::any_of(right.values.begin(), right.values.end(), [](double x) { return x < 0; });
        if (row.name == "pow" && b.dtype() == DType::int64 && negative) expected.reset();  // not an integer
      }
      check(
          row.name, [&] { return row.op(a, b); }, expected, words(a, words(b, "")));
    });
  }
}

BOOST_AUTO_TEST_CASE(reductions) {
  using Op = Tensor (*)(const TensorArg&, const cr::Axes&, bool);
  struct Row {
    const char* name;
    Op op;
    double (*plain)(const std::vector<double>&);
    bool int64 = false, needs_elements = false;
  };
  const Row rows[] = {
      {"sum", cr::sum,
       [](const std::vector<double>& all) {
         double total = 0;
         for (const double x : all) total += x;
         return total;
       },
       true},
      {"mean", cr::mean,
       [](const std::vector<double>& all) {
         double total = 0;
         for (const double x : all) total += x;
         return total / static_cast<double>(all.size());
       }},
      {"max", cr::max, [](const std::vector<double>& all) { return *std::max_element(all.begin(), all.end()); }, true, true},
      {"min", cr::min, [](const std::vector<double>& all) { return *std::min_element(all.begin(), all.end()); }, true, true},
      {"logsumexp", cr::logsumexp,
       [](const std::vector<double>& all) {
         double total = 0;
         for (const double x : all) total += std::exp(x);
         return std::log(total);
       }},
      {"squared_norm", cr::squared_norm,
       [](const std::vector<double>& all) {
         double total = 0;
         for (const double x : all) total += x * x;
         return total;
       }},
      {"root_mean_square",
       [](const cr::TensorArg& x, const cr::Axes& axes, bool keepdim) { return cr::root_mean_square(x, axes, keepdim); },
       [](const std::vector<double>& all) {
         double total = 0;
         for (const double x : all) total += x * x;
         return std::sqrt(total / static_cast<double>(all.size()));
       }},
      {"var", [](const cr::TensorArg& x, const cr::Axes& axes, bool keepdim) { return cr::var(x, axes, keepdim); },
       [](const std::vector<double>& all) {
         double mean = 0, total = 0;
         for (const double x : all) mean += x / static_cast<double>(all.size());
         for (const double x : all) total += (x - mean) * (x - mean);
         return total / std::max(0.0, static_cast<double>(all.size()) - 1);
       }},
  };
  for (const Row& row : rows) {
    trials(row.name, [&](Draw& draw) {
      const Tensor x = draw.tensor();
      const cr::Axes axes = draw.axes(x.rank());
      const bool keepdim = draw.chance(2);
      Expected expected;
      const std::optional<std::vector<bool>> gone = named(axes, x.rank());
      if (gone && (row.int64 || x.dtype() != DType::int64)) {
        const Array from(x);
        Shape kept, without;
        std::int64_t count = 1;
        for (int axis = 0; axis < x.rank(); ++axis) {
          const bool goes = (*gone)[static_cast<std::size_t>(axis)];
          kept.push_back(goes ? 1 : from.shape[axis]);
          if (goes) count *= from.shape[axis];
          if (!goes) without.push_back(from.shape[axis]);
        }
        Array result(kept);
        std::vector<std::vector<double>> groups(result.values.size());
        from.each([&](Position at) {
          const double value = from[at];
          for (std::size_t axis = 0; axis < at.size(); ++axis)
            if ((*gone)[axis]) at[axis] = 0;
          groups[result.offset(at)].push_back(value);
        });
        if (count > 0 || !row.needs_elements) {
          for (std::size_t i = 0; i < groups.size(); ++i) result.values[i] = row.plain(groups[i]);
          if (!keepdim) result.shape = without;
          expected = result;
        }
      }
      check(
          row.name, [&] { return row.op(x, axes, keepdim); }, expected, words(x, text_of(axes)));
    });
  }
}

BOOST_AUTO_TEST_CASE(centering_and_weighing) {
  trials("center", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    const cr::Axes axes = draw.axes(x.rank());
    Expected expected;
    const std::optional<std::vector<bool>> gone = named(axes, x.rank());
    if (gone && x.dtype() != DType::int64) {
      const Array from(x);
      Shape kept = from.shape;
      for (int axis = 0; axis < x.rank(); ++axis)
        if ((*gone)[static_cast<std::size_t>(axis)]) kept[axis] = 1;
      Array totals(kept), counts(kept);
      const auto group = [&](Position at) {
        for (std::size_t axis = 0; axis < at.size(); ++axis)
          if ((*gone)[axis]) at[axis] = 0;
        return at;
      };
      from.each([&](const Position& at) {
        totals[group(at)] += from[at];
        counts[group(at)] += 1;
      });
      expected = from;
      from.each([&](const Position& at) { (*expected)[at] = from[at] - totals[group(at)] / counts[group(at)]; });
    }
    check(
        "center", [&] { return cr::center(x, axes); }, expected, words(x, text_of(axes)));
  });
  trials("weigh", [&](Draw& draw) {
    const Tensor a = draw.tensor(), b = draw.tensor(draw.beside(a.shape()), draw.chance(10) ? draw.dtype() : a.dtype());
    Expected expected;
    const std::optional<Shape> shape = broadcast(a.shape(), b.shape());
    if (shape && a.dtype() == b.dtype() && a.dtype() != DType::int64) {
      expected = Array(*shape);
      const Array left(a), right(b);
      expected->each([&](const Position& at) { (*expected)[at] = at_broadcast(left, at) * at_broadcast(right, at); });
    }
    check(
        "weigh", [&] { return cr::weigh(a, b); }, expected, words(a, words(b, "")));
  });
}

BOOST_AUTO_TEST_CASE(argmax_and_softmax) {
  trials("argmax", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    const int axis = draw.axis(x.rank());
    const bool keepdim = draw.chance(2);
    Expected expected;
    const std::optional<int> at = x.rank() == 0 ? 0 : place(axis, x.rank());
    if (at && (x.rank() == 0 || x.size(*at) > 0)) {
      const Array from(x);
      Shape kept = from.shape;
      if (x.rank() > 0) kept[*at] = 1;
      Array result(kept);
      result.each([&](const Position& where) {
        Position moving = where;
        double best = -1e300;
        for (std::int64_t i = 0; i < (x.rank() == 0 ? 1 : from.shape[*at]); ++i) {
          if (x.rank() > 0) moving[static_cast<std::size_t>(*at)] = i;
          if (from[moving] > best) {
            best = from[moving];
            result[where] = static_cast<double>(i);
          }
        }
      });
      if (!keepdim && x.rank() > 0) result.shape.erase(*at);
      expected = result;
    }
    check(
        "argmax", [&] { return cr::argmax(x, axis, keepdim); }, expected, words(x, words("axis", axis)));
  });
  for (const bool logarithm : {false, true}) {
    const std::string name = logarithm ? "log_softmax" : "softmax";
    trials(name, [&](Draw& draw) {
      const Tensor x = draw.tensor(draw.shape(), draw.dtype());
      const int axis = draw.axis(x.rank());
      Expected expected;
      const std::optional<int> at = place(axis, x.rank());
      if (x.rank() == 0) return;
      if (at && x.dtype() != DType::int64) {
        const Array from(x);
        expected = Array(from.shape);
        from.each([&](const Position& where) {
          Position moving = where;
          double total = 0;
          for (std::int64_t i = 0; i < from.shape[*at]; ++i) {
            moving[static_cast<std::size_t>(*at)] = i;
            total += std::exp(from[moving]);
          }
          (*expected)[where] = logarithm ? from[where] - std::log(total) : std::exp(from[where]) / total;
        });
      }
      check(
          name, [&] { return logarithm ? cr::log_softmax(x, axis) : cr::softmax(x, axis); }, expected, words(x, words("axis", axis)));
    });
  }
}

BOOST_AUTO_TEST_CASE(shapes_and_axes) {
  trials("reshape", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    Shape wanted;
    if (draw.chance(2)) {
      for (const std::int64_t size : x.shape())
        if (size != 1 || draw.chance(2)) wanted.insert(draw.chance(2) ? 0 : wanted.rank(), size);
    } else {
      wanted = draw.shape();
    }
    if (wanted.rank() > 0 && draw.chance(4)) wanted[static_cast<int>(draw.below(wanted.rank()))] = draw.chance(4) ? -2 : -1;
    if (wanted.rank() > 0 && wanted.numel() != 0 && draw.chance(20)) wanted[0] = std::numeric_limits<std::int64_t>::max() - draw.below(2);
    Shape filled = wanted;
    std::int64_t known = 1, open = 0;
    bool possible = true;
    for (int axis = 0; axis < filled.rank(); ++axis) {
      if (filled[axis] == -1) {
        ++open;
      } else if (filled[axis] < 0 || filled[axis] > 1000) {
        possible = false;
      } else {
        known *= filled[axis];
      }
    }
    possible = possible && open <= 1 && (open == 0 ? known == x.numel() : known > 0 && x.numel() % known == 0);
    Expected expected;
    if (possible) {
      for (std::int64_t& size : std::span<std::int64_t>(&filled[0], static_cast<std::size_t>(filled.rank())))
        if (size == -1) size = x.numel() / known;
      expected = Array(x);
      expected->shape = filled;
    }
    check(
        "reshape", [&] { return cr::reshape(x, wanted); }, expected, words(x, wanted.str()));
  });
  trials("unsqueeze", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    const int axis = draw.axis(x.rank() + 1);
    Expected expected;
    if (const std::optional<int> at = place(axis, x.rank() + 1)) {
      expected = Array(x);
      expected->shape.insert(*at, 1);
    }
    check(
        "unsqueeze", [&] { return cr::unsqueeze(x, axis); }, expected, words(x, words("axis", axis)));
  });
  trials("transpose", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    const int a = draw.axis(x.rank()), b = draw.axis(x.rank());
    Expected expected;
    const std::optional<int> first = place(a, x.rank()), second = place(b, x.rank());
    if (first && second) {
      const Array from(x);
      Shape shape = from.shape;
      std::swap(shape[*first], shape[*second]);
      expected = Array(shape);
      from.each([&](const Position& at) {
        Position to = at;
        std::swap(to[static_cast<std::size_t>(*first)], to[static_cast<std::size_t>(*second)]);
        (*expected)[to] = from[at];
      });
    }
    check(
        "transpose", [&] { return cr::transpose(x, a, b); }, expected, words(x, words("axes", a, b)));
  });
  trials("permute", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    std::vector<std::int64_t> order;
    for (int axis = 0; axis < x.rank(); ++axis)
      order.insert(order.begin() + static_cast<std::ptrdiff_t>(draw.below(axis + 1)), draw.chance(3) ? axis - x.rank() : axis);
    if (draw.chance(6)) order.push_back(0);
    if (!order.empty() && draw.chance(6)) order[0] = draw.axis(x.rank());
    std::vector<int> places;
    bool possible = static_cast<int>(order.size()) == x.rank();
    for (const std::int64_t axis : order) {
      const std::optional<int> at = place(axis, x.rank());
      possible = possible && at && std::find(places.begin(), places.end(), *at) == places.end();
      places.push_back(at.value_or(0));
    }
    Expected expected;
    if (possible) {
      const Array from(x);
      Shape shape = from.shape;
      for (std::size_t i = 0; i < places.size(); ++i) shape[static_cast<int>(i)] = from.shape[places[i]];
      expected = Array(shape);
      from.each([&](const Position& at) {
        Position to = at;
        for (std::size_t i = 0; i < places.size(); ++i) to[i] = at[static_cast<std::size_t>(places[i])];
        (*expected)[to] = from[at];
      });
    }
    check(
        "permute", [&] { return cr::permute(x, cr::Axes(order)); }, expected, words(x, text_of(cr::Axes(order))));
  });
  trials("broadcast_to", [&](Draw& draw) {
    const Shape to = draw.shape();
    const Tensor x = draw.tensor(draw.beside(to), draw.dtype());
    Expected expected;
    const std::optional<Shape> both = broadcast(x.shape(), to);
    if (both && *both == to && x.rank() <= to.rank()) {
      const Array from(x);
      expected = Array(to);
      expected->each([&](const Position& at) { (*expected)[at] = at_broadcast(from, at); });
    }
    check(
        "broadcast_to", [&] { return cr::broadcast_to(x, to); }, expected, words(x, to.str()));
  });
  trials("flip", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    const cr::Axes axes = draw.axes(x.rank());
    Expected expected;
    if (const std::optional<std::vector<bool>> turned = named(axes, x.rank(), false)) {
      const Array from(x);
      expected = Array(from.shape);
      from.each([&](const Position& at) {
        Position to = at;
        for (std::size_t axis = 0; axis < at.size(); ++axis)
          if ((*turned)[axis]) to[axis] = from.shape[static_cast<int>(axis)] - 1 - at[axis];
        (*expected)[to] = from[at];
      });
    }
    check(
        "flip", [&] { return cr::flip(x, axes); }, expected, words(x, text_of(axes)));
  });
  trials("repeat", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    Shape repeats;
    for (std::int64_t rank = std::max<std::int64_t>(0, x.rank() + draw.below(4) - 1); rank > 0; --rank)
      repeats.push_back(draw.chance(30) ? -1 : draw.chance(15) ? 0 : 1 + draw.below(2));
    Expected expected;
    const int extra = repeats.rank() - x.rank();
    if (extra >= 0 && std::all_of(repeats.begin(), repeats.end(), [](std::int64_t times) { return times >= 0; })) {
      const Array from(x);
      Shape shape = repeats;
      for (int axis = extra; axis < shape.rank(); ++axis) shape[axis] *= from.shape[axis - extra];
      expected = Array(shape);
      expected->each([&](const Position& at) {
        Position own;
        for (int axis = extra; axis < shape.rank(); ++axis) own.push_back(at[static_cast<std::size_t>(axis)] % from.shape[axis - extra]);
        (*expected)[at] = from[own];
      });
    }
    check(
        "repeat", [&] { return cr::repeat(x, repeats); }, expected, words(x, repeats.str()));
  });
}

BOOST_AUTO_TEST_CASE(cuts_and_joins) {
  trials("slice", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    const int axis = draw.axis(x.rank());
    const auto bound = [&] {
      return draw.chance(20)   ? std::numeric_limits<std::int64_t>::min()
             : draw.chance(20) ? std::numeric_limits<std::int64_t>::max()
                               : draw.below(11) - 5;
    };
    const std::int64_t start = bound(), stop = bound();
    Expected expected;
    if (const std::optional<int> at = place(axis, x.rank())) {
      const Array from(x);
      const std::int64_t size = from.shape[*at];
      const auto clamped = [size](std::int64_t i) { return i < 0 ? std::max<std::int64_t>(0, i + size) : std::min(i, size); };
      const std::int64_t first = clamped(start), last = std::max(first, clamped(stop));
      Shape shape = from.shape;
      shape[*at] = last - first;
      expected = Array(shape);
      expected->each([&](const Position& to) {
        Position own = to;
        own[static_cast<std::size_t>(*at)] += first;
        (*expected)[to] = from[own];
      });
    }
    check(
        "slice", [&] { return cr::slice(x, axis, start, stop); }, expected, words(x, words("axis", axis, start, stop)));
  });
  for (const bool stacks : {false, true}) {
    const std::string name = stacks ? "stack" : "concat";
    trials(name, [&](Draw& draw) {
      const Tensor first = draw.tensor();
      const int axis = draw.axis(first.rank() + (stacks ? 1 : 0));
      const std::optional<int> at = place(axis, first.rank() + (stacks ? 1 : 0));
      std::vector<Tensor> parts{first};
      bool possible = at.has_value();
      for (std::int64_t more = draw.below(3); more > 0; --more) {
        Shape shape = first.shape();
        if (!stacks && at && draw.chance(2)) shape[*at] = draw.below(4);
        if (draw.chance(10)) shape = draw.shape();
        parts.push_back(draw.tensor(shape, draw.chance(15) ? draw.dtype() : first.dtype()));
        Shape like = shape, other = first.shape();
        if (!stacks && at && like.rank() == other.rank()) like[*at] = other[*at];
        possible = possible && like == other && parts.back().dtype() == first.dtype();
      }
      Expected expected;
      if (possible) {
        Shape shape = first.shape();
        if (stacks) {
          shape.insert(*at, static_cast<std::int64_t>(parts.size()));
        } else {
          shape[*at] = 0;
          for (const Tensor& part : parts) shape[*at] += part.size(*at);
        }
        expected = Array(shape);
        std::int64_t before = 0;
        for (const Tensor& part : parts) {
          const Array from(part);
          from.each([&](const Position& own) {
            Position to = own;
            if (stacks) {
              to.insert(to.begin() + *at, before);
            } else {
              to[static_cast<std::size_t>(*at)] += before;
            }
            (*expected)[to] = from[own];
          });
          before += stacks ? 1 : part.size(*at);
        }
      }
      check(
          name, [&] { return stacks ? cr::stack(parts, axis) : cr::concat(parts, axis); }, expected,
          words(first, words("and", parts.size() - 1, "axis", axis)));
    });
  }
}

BOOST_AUTO_TEST_CASE(picks) {
  trials("index_select", [&](Draw& draw) {
    const Tensor x = draw.tensor();
    const int axis = draw.axis(x.rank());
    const std::optional<int> at = place(axis, x.rank());
    const Tensor index = draw.index(draw.chance(15) ? Shape{2, 2} : Shape{draw.below(5)}, at ? x.size(*at) : 1);
    Expected expected;
    bool possible = at && index.rank() == 1 && index.dtype() == DType::int64;
    if (possible)
      for (const std::int64_t i : index.to_vector<std::int64_t>()) possible = possible && i >= 0 && i < x.size(*at);
    if (possible) {
      const Array from(x);
      const std::vector<std::int64_t> rows = index.to_vector<std::int64_t>();
      Shape shape = from.shape;
      shape[*at] = index.numel();
      expected = Array(shape);
      expected->each([&](const Position& to) {
        Position own = to;
        std::int64_t& moving = own[static_cast<std::size_t>(*at)];
        moving = rows[static_cast<std::size_t>(moving)];
        (*expected)[to] = from[own];
      });
    }
    check(
        "index_select", [&] { return cr::index_select(x, axis, index); }, expected, words(x, words("axis", axis, index)));
  });
  for (const bool adds : {false, true}) {
    const std::string name = adds ? "scatter_add" : "gather";
    trials(name, [&](Draw& draw) {
      const Tensor x = draw.tensor();
      const int axis = draw.axis(x.rank());
      const std::optional<int> at = place(axis, x.rank());
      Shape shape = x.shape();
      for (int i = 0; i < shape.rank(); ++i)
        if (draw.chance(3)) shape[i] = draw.chance(8) ? shape[i] + 1 : draw.below(shape[i] + 1);
      if (at && draw.chance(3)) shape[*at] = draw.below(5);
      if (draw.chance(15)) shape = draw.shape();
      const Tensor index = draw.index(shape, at ? x.size(*at) : 1);
      const Tensor source = draw.tensor(draw.chance(15) ? draw.shape() : shape, draw.chance(15) ? draw.dtype() : x.dtype());
      bool possible = at && index.dtype() == DType::int64 && shape.rank() == x.rank() &&
                      (!adds || (source.shape() == shape && source.dtype() == x.dtype()));
      for (int i = 0; possible && i < shape.rank(); ++i) possible = i == *at || shape[i] <= x.size(i);
      if (possible)
        for (const std::int64_t i : index.to_vector<std::int64_t>()) possible = possible && i >= 0 && i < x.size(*at);
      Expected expected;
      if (possible) {
        const Array from(x), picked(index), given(source);
        expected = adds ? from : Array(shape);
        picked.each([&](const Position& where) {
          Position own = where;
          own[static_cast<std::size_t>(*at)] = static_cast<std::int64_t>(picked[where]);
          if (adds) {
            (*expected)[own] += given[where];
          } else {
            (*expected)[where] = from[own];
          }
        });
      }
      check(
          name, [&] { return adds ? cr::scatter_add(x, axis, index, source) : cr::gather(x, axis, index); }, expected,
          words(x, words("axis", axis, index.dtype(), index.shape(), source.shape())));
    });
  }
}

BOOST_AUTO_TEST_CASE(products) {
  trials("matmul", [&](Draw& draw) {
    const Tensor a = draw.tensor(draw.shape(4), draw.chance(20) ? draw.dtype() : DType::float64);
    Shape shape = draw.shape(4);
    if (a.rank() > 0 && shape.rank() > 0 && !draw.chance(8)) {
      shape[std::max(0, shape.rank() - 2)] = a.size(-1);
      for (int i = 3; i <= std::min(a.rank(), shape.rank()); ++i) shape[shape.rank() - i] = draw.chance(3) ? 1 : a.size(-i);
    }
    const Tensor b = draw.tensor(shape, draw.chance(20) ? draw.dtype() : a.dtype());
    Expected expected;
    if (a.dtype() == b.dtype() && a.dtype() != DType::int64 && a.rank() > 0 && b.rank() > 0) {
      Array left(a), right(b);
      if (a.rank() == 1) left.shape.insert(0, 1);
      if (b.rank() == 1) right.shape.push_back(1);
      const std::int64_t k = left.shape[left.rank() - 1];
      const std::optional<Shape> batch =
          broadcast(Shape(left.shape.begin(), left.rank() - 2), Shape(right.shape.begin(), right.rank() - 2));
      if (batch && right.shape[right.rank() - 2] == k) {
        Shape whole = *batch;
        whole.push_back(left.shape[left.rank() - 2]);
        whole.push_back(right.shape[right.rank() - 1]);
        Array result(whole);
        const auto own = [&](const Array& x, const Position& at, std::int64_t row, std::int64_t column) {
          Position mine;
          for (int axis = 0; axis < x.rank() - 2; ++axis)
            mine.push_back(x.shape[axis] == 1 ? 0 : at[static_cast<std::size_t>(axis + whole.rank() - x.rank())]);
          mine.insert(mine.end(), {row, column});
          return x[mine];
        };
        result.each([&](const Position& at) {
          const std::int64_t row = at[at.size() - 2], column = at[at.size() - 1];
          for (std::int64_t i = 0; i < k; ++i) result[at] += own(left, at, row, i) * own(right, at, i, column);
        });
        if (b.rank() == 1) result.shape.erase(whole.rank() - 1);
        if (a.rank() == 1) result.shape.erase(whole.rank() - 2);
        expected = result;
      }
    }
    check(
        "matmul", [&] { return cr::matmul(a, b); }, expected, words(a, words(b, "")));
  });
  trials("linear", [&](Draw& draw) {
    const Tensor x = draw.tensor(draw.shape(4));
    const std::int64_t d_in = x.rank() > 0 && !draw.chance(6) ? x.size(-1) : 1 + draw.below(3), d_out = draw.below(4);
    const Tensor weight = draw.tensor(draw.chance(15) ? draw.shape() : Shape{d_in, d_out}, draw.chance(15) ? draw.dtype() : x.dtype());
    const Tensor bias = draw.chance(2) ? Tensor() : draw.tensor(draw.chance(10) ? draw.shape() : Shape{d_out}, x.dtype());
    Expected expected;
    if (x.rank() > 0 && weight.rank() == 2 && weight.size(0) == x.size(-1) && weight.dtype() == x.dtype() &&
        (!bias.defined() || bias.shape() == Shape{weight.size(1)})) {
      const Array from(x), matrix(weight), added = bias.defined() ? Array(bias) : Array(Shape{weight.size(1)});
      Shape shape = from.shape;
      shape[shape.rank() - 1] = weight.size(1);
      expected = Array(shape);
      expected->each([&](const Position& at) {
        Position own = at;
        double& total = (*expected)[at];
        total = added[{at.back()}];
        for (std::int64_t i = 0; i < weight.size(0); ++i) {
          own.back() = i;
          total += from[own] * matrix[{i, at.back()}];
        }
      });
    }
    check(
        "linear", [&] { return cr::linear(x, weight, bias); }, expected, words(x, words(weight, bias.defined() ? bias.shape().str() : "")));
  });
}

BOOST_AUTO_TEST_CASE(gradients_have_the_shapes_of_their_inputs) {
  // Also without elements: every rule runs and returns a gradient of the input's shape.
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Draw draw(seed);
    std::vector<Tensor> inputs{draw.tensor(draw.shape())};
    inputs.push_back(draw.tensor(draw.beside(inputs[0].shape())));
    const std::int64_t d_out = draw.below(3);
    if (inputs[0].rank() > 0) inputs.push_back(draw.tensor({inputs[0].size(-1), d_out}));
    for (Tensor& x : inputs) x.set_requires_grad(true);
    const Tensor &x = inputs[0], &y = inputs[1];
    Tensor total = cr::sum(cr::tanh(x)) + cr::sum(cr::logsumexp(x)) + cr::sum(cr::flip(x)) + cr::sum(cr::square(y));
    if (broadcast(x.shape(), y.shape())) total = total + cr::sum(x * y + cr::maximum(x, y));
    if (x.rank() > 0) {
      const int axis = static_cast<int>(draw.below(x.rank()));
      total = total + cr::sum(cr::linear(x, inputs[2])) + cr::sum(cr::matmul(x, inputs[2])) + cr::sum(cr::softmax(x, axis) * x) +
              cr::sum(cr::slice(x, axis, 1, 3)) + cr::sum(cr::concat({x, x}, axis)) + cr::sum(cr::mean(x, axis, true) * x) +
              cr::sum(cr::repeat(x, Shape(std::vector<std::int64_t>(static_cast<std::size_t>(x.rank()), 2))));
    }
    BOOST_TEST_CONTEXT("seed " << seed << ", shapes " << x.shape() << ' ' << y.shape() << ", d_out " << d_out) {
      const std::vector<Tensor> first = cr::grad(total, inputs, {.create_graph = true});
      Tensor again = cr::tensor(0.0, DType::float64);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        BOOST_TEST(first[i].shape() == inputs[i].shape());
        again = again + cr::sum(first[i] * first[i]);
      }
      if (again.requires_grad()) cr::grad(again, inputs, {.allow_unused = true});
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_fit_no_integer) {
  const Tensor odd = cr::tensor({NAN, 1e30, -1e30, 1.9, -1.9}, DType::float64);
  const std::vector<int> small{0, std::numeric_limits<int>::max(), std::numeric_limits<int>::min(), 1, -1};
  BOOST_TEST(odd.to_vector<int>() == small, boost::test_tools::per_element());
  const std::vector<std::int64_t> large{0, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(), 1, -1};
  BOOST_TEST(odd.to_vector<std::int64_t>() == large, boost::test_tools::per_element());
  Tensor leaf = cr::zeros({2}, DType::int64);
  BOOST_CHECK_THROW(cr::fill(leaf, NAN), std::invalid_argument);
  BOOST_CHECK_THROW(cr::fill(leaf, 1e19), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(sizes_beyond_all_numbers) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const Tensor x = cr::ones({4});
  BOOST_TEST((Shape{kHuge, 4}.numel()) == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST((Shape{kHuge, 4, 0}.numel()) == 0);
  BOOST_CHECK_THROW(cr::reshape(x, {kHuge, 4}), std::invalid_argument);
  BOOST_CHECK_THROW(cr::reshape(x, {kHuge, 4, -1}), std::invalid_argument);
  BOOST_CHECK_THROW(cr::zeros({kHuge, 4}), std::invalid_argument);
  BOOST_CHECK_THROW(cr::zeros({0, kHuge, 4}), std::invalid_argument);  // products of some of its sizes would overflow
  BOOST_CHECK_THROW(cr::from_vector(std::vector<double>{}, {std::int64_t{1} << 32, std::int64_t{1} << 32}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
