// Makes rows, and the table of all.
#include "tests/autograd/ops/op_table.h"

#include <algorithm>
#include <cmath>

namespace chainrule::test {
namespace {

constexpr double kAwayFrom = 0.05;

// Functions, since rows are made before main().
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{Shape{}, {1}, {1, 1}, {1, 5}, {5, 1}, {0}, {2, 0, 3}, {19}, {2, 3, 4}, {2, 1, 2, 3}};
  return all;
}

const std::vector<std::pair<Shape, Shape>>& shape_pairs() {
  static const std::vector<std::pair<Shape, Shape>> all{
      {Shape{}, Shape{}},       {{2, 3}, {2, 3}}, {{2, 3}, {3}},     {{3}, {2, 3}},     {{2, 3}, {1, 3}},    {{2, 1}, {2, 3}},
      {{2, 1}, {1, 3}},         {{1, 3}, {2, 1}}, {{2, 3}, Shape{}}, {Shape{}, {2, 3}}, {{1, 1}, {2, 3}},    {{1, 1}, {1, 1}},
      {{0, 3}, {1, 3}},         {{1}, {2, 0}},    {{17}, {17}},      {{5}, {1}},        {{2, 1, 3}, {4, 1}}, {{4, 1}, {2, 1, 3}},
      {{2, 1, 2, 1}, {3, 1, 2}}};
  return all;
}

}  // namespace

Tensor Input::make(const Domain& of_row, Generator& generator) const {
  if (tensor_.defined()) return tensor_;
  const Domain& domain = has_domain_ ? domain_ : of_row;
  std::vector<double> values;
  const auto acceptable = [&](double x) {
    return std::all_of(domain.avoid.begin(), domain.avoid.end(), [x](double point) { return std::abs(x - point) > kAwayFrom; });
  };
  while (static_cast<std::int64_t>(values.size()) < shape_.numel()) {
    const double unit = static_cast<double>(generator.next() >> 11) * 0x1p-53;
    const double x = domain.low + unit * (domain.high - domain.low);
    if (acceptable(x)) values.push_back(x);
  }
  return from_vector(values, shape_);
}

Row& Table::unary_row(const char* name, const Unary& f, const Domain& domain, SourceLine line) {
  Row& added = row(
      name, [f](const Tensor& x) { return f(x); }, domain, line);
  for (const Shape& shape : shapes()) added.on({shape});
  return added.fails(
      std::string(name) + ": undefined tensor", [f, line] { f(TensorArg(Tensor(), line)); }, line);
}

Row& Table::unary(const char* name, const Unary& f, const Plain& plain, const Domain& domain, SourceLine line) {
  unary_ops_.push_back({name, f, plain, false});
  return unary_row(name, f, domain, line)
      .fails(
          std::string(name) + ": got int64, expected float32 or float64: convert with to()", [f, line] { f(TensorArg(i64({1}), line)); },
          line);
}

Row& Table::unary_any(const char* name, const Unary& f, const Plain& plain, const Domain& domain, SourceLine line) {
  unary_ops_.push_back({name, f, plain, true});
  return unary_row(name, f, domain, line);
}

Row& Table::binary(const char* name, const Binary& f, const Plain2& plain, const Domain& a, const Domain& b, SourceLine line) {
  binary_ops_.push_back({name, f, plain, false});
  return binary_row(name, f, a, b, line)
      .fails(
          std::string(name) + ": got int64, expected float32 or float64: convert with to()",
          [f, line] { f(Operand(i64({1}), line), Operand(2, line)); }, line);
}

Row& Table::binary_any(const char* name, const Binary& f, const Plain2& plain, const Domain& a, const Domain& b, SourceLine line) {
  binary_ops_.push_back({name, f, plain, true});
  return binary_row(name, f, a, b, line);
}

Row& Table::binary_row(const char* name, const Binary& f, const Domain& a, const Domain& b, SourceLine line) {
  const auto number = [](const Domain& domain) { return domain.low + 0.7 * (domain.high - domain.low); };
  const std::string op = name;
  Row& added = row(
      name, [f](const Tensor& x, const Tensor& y) { return f(x, y); }, a, line);
  for (const auto& [left, right] : shape_pairs()) added.on({left, in(right, b)});
  added.on({{2, 3}}, [f](const Tensor& x) { return f(x, x); });
  for (const Shape& shape : {Shape{}, Shape{2, 3}, Shape{0}}) {
    added.on({shape}, [f, other = number(b)](const Tensor& x) { return f(x, other); });
    added.on({in(shape, b)}, [f, other = number(a)](const Tensor& y) { return f(other, y); });
  }
  const auto error = [&](const char* text, const Tensor& x, const Tensor& y) {
    added.fails(
        op + text, [=] { f(Operand(x, line), Operand(y, line)); }, line);
  };
  error(": undefined tensor", Tensor(), f64({1}));
  error(": undefined tensor", f64({1}), Tensor());
  error(": shapes [2, 3] and [2] do not broadcast together", zeros({2, 3}), zeros({2}));
  error(": shapes [2] and [3, 3] do not broadcast together", zeros({2}), zeros({3, 3}));
  error(": lhs is float32 and rhs is float64, expected the same dtype: convert one with to()", zeros({2}), f64({1, 2}));
  error(": lhs is float64 and rhs is int64, expected the same dtype: convert one with to()", f64({1, 2}), i64({1, 2}));
  return added.fails(
      op + ": got two numbers, expected at least one tensor", [f, line] { f(Operand(1, line), Operand(2, line)); }, line);
}

const Table& op_table() {
  static const Table all = [] {
    Table t;
    add_activation_piecewise_rows(t);
    add_activation_rows(t);
    add_activation_smooth_rows(t);
    add_diagonal_rows(t);
    add_einsum_rows(t);
    add_elementwise_rows(t);
    add_index_rows(t);
    add_linalg_rows(t);
    add_loss_rows(t);
    add_order_rows(t);
    add_rearrange_rows(t);
    add_reduce_rows(t);
    add_shape_rows(t);
    return t;
  }();
  return all;
}

}  // namespace chainrule::test
