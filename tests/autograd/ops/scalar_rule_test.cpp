// Gradients of single elements, which are computed with numbers instead of Tensors: the bits are the same, and hooks still receive Tensors.
#include <autograd/autograd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::DType;
using cr::Shape;
using cr::Tensor;

namespace {

using Unary = Tensor (*)(const cr::TensorArg&);
using Binary = Tensor (*)(const cr::Operand&, const cr::Operand&);

const std::vector<std::pair<std::string, Unary>> kUnary = {
    {"neg", cr::neg},        {"abs", cr::abs},     {"sign", cr::sign},   {"exp", cr::exp},     {"expm1", cr::expm1},
    {"log", cr::log},        {"log1p", cr::log1p}, {"sqrt", cr::sqrt},   {"rsqrt", cr::rsqrt}, {"square", cr::square},
    {"sin", cr::sin},        {"cos", cr::cos},     {"tan", cr::tan},     {"asin", cr::asin},   {"acos", cr::acos},
    {"atan", cr::atan},      {"sinh", cr::sinh},   {"cosh", cr::cosh},   {"tanh", cr::tanh},   {"erf", cr::erf},
    {"floor", cr::floor},    {"ceil", cr::ceil},   {"round", cr::round}, {"relu", cr::relu},   {"reciprocal", cr::reciprocal},
    {"sigmoid", cr::sigmoid}};
const std::vector<std::pair<std::string, Binary>> kBinary = {
    {"add", cr::add},         {"sub", cr::sub},        {"mul", cr::mul},     {"div", cr::div},
    {"pow", cr::pow},         {"atan2", cr::atan2},    {"hypot", cr::hypot}, {"logaddexp", cr::logaddexp},
    {"maximum", cr::maximum}, {"minimum", cr::minimum}};
const std::vector<double> kValues = {-3.7,
                                     -1,
                                     -0.3,
                                     -0.0,
                                     0.0,
                                     1e-30,
                                     0.4,
                                     1,
                                     2,
                                     2.5,
                                     80,
                                     std::numeric_limits<double>::infinity(),
                                     -std::numeric_limits<double>::infinity()};

Tensor leaf(double value, const Shape& shape, DType dtype) {
  Tensor x = cr::full(shape, value, dtype);
  x.set_requires_grad(true);
  return x;
}

/// Bit for bit, except which NaN it is, and the sign of a zero that was summed.
bool same(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  const std::vector<double> left = a.to_vector<double>(), right = b.to_vector<double>();
  return std::ranges::equal(left, right, [](double x, double y) { return x == y || (x != x && y != y); });
}

/// Compares backward(), which uses numbers, with grad() with a graph, which does not.
void check(const std::string& what, const Tensor& y, const std::vector<Tensor>& inputs) {
  const std::vector<Tensor> wanted = cr::grad(y, inputs, {.retain_graph = true, .create_graph = true});
  y.backward();
  for (std::size_t i = 0; i < inputs.size(); ++i)
    BOOST_TEST(same(inputs[i].grad(), wanted[i]),
               what << ", input " << i << ": " << inputs[i].grad() << " by numbers, " << wanted[i] << " by Tensors");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(numbers)

BOOST_AUTO_TEST_CASE(one_sided_rules_give_the_bits_of_tensors) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const auto& [name, op] : kUnary) {
      for (const double value : kValues) {
        for (const Shape& shape : {Shape{}, Shape{1, 1}}) {
          Tensor x = leaf(value, shape, dtype);
          check(name + " at " + std::to_string(value), op(x) * 0.7, {x});
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(two_sided_rules_give_the_bits_of_tensors) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const auto& [name, op] : kBinary) {
      for (const double a : kValues) {
        for (const double b : kValues) {
          const std::string what = name + " at " + std::to_string(a) + ", " + std::to_string(b);
          {
            Tensor x = leaf(a, {}, dtype), y = leaf(b, {1, 1}, dtype);
            check(what, op(x, y) * 0.7, {x, y});
          }
          Tensor x = leaf(a, {1}, dtype), y = leaf(b, {}, dtype);
          check(what + " (number)", op(x, b) * 0.7, {x});
          check(what + " (number first)", op(a, y) * 0.7, {y});
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(they_meet_tensors_on_both_sides) {
  // Sums, selections and products of longer Tensors before and after single elements; a gradient that arrives in both forms.
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tensor x = cr::tensor({0.3, -1.7, 2.9}, dtype);
    x.set_requires_grad(true);
    Tensor first = x[0], total = cr::sum(x);
    Tensor inner = cr::tanh(first * total + 0.1) / total;
    Tensor wide = x * inner;
    check("a graph of both", cr::sum(wide * wide) + inner * cr::reshape(first, {1, 1}) + cr::maximum(inner, first), {x});
  }
}

BOOST_AUTO_TEST_CASE(gradients_gather_where_they_were) {
  Tensor x = cr::variable(3.0), y = cr::variable(2.0);
  for (int pass = 1; pass <= 3; ++pass) {
    (x * y + x).backward();
    BOOST_TEST(x.grad().item() == 3.0 * pass);
    BOOST_TEST(y.grad().item() == 3.0 * pass);
  }
  const Tensor held = x.grad();  // somebody looks at it: the next pass leaves it alone
  (x * 5).backward();
  BOOST_TEST(held.item() == 9);
  BOOST_TEST(x.grad().item() == 14);
}

BOOST_AUTO_TEST_CASE(hooks_and_retained_gradients_see_tensors) {
  Tensor x = cr::variable(3.0), y = x * 2;
  y.retain_grad();
  Tensor z = y * y;
  int calls = 0;
  cr::on_grad(y, [&](const Tensor& gradient) {
    ++calls;
    BOOST_TEST(gradient.item() == 12);
    return gradient * 10;
  });
  cr::on_grad(x, [&](const Tensor& gradient) {
    ++calls;
    BOOST_TEST(gradient.item() == 240);
  });
  z.backward();
  BOOST_TEST(calls == 2);
  BOOST_TEST(y.grad().item() == 120);
  BOOST_TEST(x.grad().item() == 240);
}

BOOST_AUTO_TEST_CASE(what_changed_in_between_is_noticed) {
  Tensor x = cr::variable(3.0), y = cr::square(x);
  cr::fill(x, 4.0);
  const std::string message = cr::test::message_of<std::logic_error>([&] { y.backward(); });
  BOOST_TEST(message.find("was modified after it was used here") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
