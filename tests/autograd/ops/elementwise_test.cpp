// Comparison operators: the masks of eq, ne, lt, ..., and what must not compile. Derivatives of hypot and logaddexp where formulas break.
#include "autograd/ops/elementwise.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>
#include <vector>

#include "autograd/autograd.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;
using Numbers = std::vector<double>;

namespace {

template <class A, class B>
concept Compares = requires(const A& a, const B& b) {
  a == b;
};

// Whether `if (a == b)` compiles.
template <class A, class B>
concept ComparesToTruth = requires(const A& a, const B& b) {
  { a == b } -> std::convertible_to<bool>;
};

struct Convertible {
  operator double() const { return 1; }
};
enum Plain { plain };
enum class Scoped { scoped };

static_assert(Compares<Tensor, Tensor> && Compares<Tensor, int> && Compares<double, Tensor> && Compares<float, Tensor>);
static_assert(!ComparesToTruth<Tensor, Tensor> && !ComparesToTruth<Tensor, int> && !ComparesToTruth<int, Tensor>);
static_assert(!std::is_constructible_v<bool, Tensor>, "a Tensor has no truth value");
static_assert(!std::equality_comparable<Tensor> && !std::totally_ordered<Tensor>);
static_assert(!Compares<Tensor, std::nullptr_t> && !Compares<Tensor, bool> && !Compares<Tensor, const char*>);
static_assert(!Compares<Tensor, cr::Shape> && !Compares<Tensor, cr::DType> && !Compares<Tensor, Scoped> && !Compares<Tensor, Plain>);
static_assert(!Compares<Tensor, Convertible>);
static_assert(!Compares<cr::Shape, int> && !Compares<cr::DType, int>);
// What had comparisons of its own keeps them.
static_assert(ComparesToTruth<cr::Shape, cr::Shape> && ComparesToTruth<cr::DType, cr::DType> &&
              ComparesToTruth<cr::Generator, cr::Generator>);
static_assert(ComparesToTruth<cr::Dim, int> && ComparesToTruth<cr::Dim, cr::Dim>);
static_assert(ComparesToTruth<cr::GraphStats, cr::GraphStats>);

void check(const Tensor& mask, const Numbers& values, cr::DType dtype = cr::float32) {
  BOOST_TEST(mask.dtype() == dtype);
  BOOST_TEST(mask.to_vector<double>() == values, boost::test_tools::per_element());
  BOOST_TEST(!mask.requires_grad());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise)

BOOST_AUTO_TEST_CASE(comparison_operators_give_masks) {
  const Tensor a = cr::variable({1, 2, 3}), b = cr::tensor({2, 2, 2});
  check(a == b, {0, 1, 0});
  check(a != b, {1, 0, 1});
  check(a < b, {1, 0, 0});
  check(a <= b, {1, 1, 0});
  check(a > b, {0, 0, 1});
  check(a >= b, {0, 1, 1});
}

BOOST_AUTO_TEST_CASE(comparison_operators_take_numbers_on_both_sides) {
  const Tensor x = cr::tensor({1, 2, 3}, cr::float64), labels = cr::tensor({4, 5}, cr::int64);
  const cr::DType float64 = cr::float64;
  check(x == 2, {0, 1, 0}, float64);
  check(2 == x, {0, 1, 0}, float64);
  check(x != 2.0F, {1, 0, 1}, float64);
  check(2L != x, {1, 0, 1}, float64);
  check(x < 2, {1, 0, 0}, float64);
  check(2 < x, {0, 0, 1}, float64);
  check(x <= 2U, {1, 1, 0}, float64);
  check(2 <= x, {0, 1, 1}, float64);
  check(x > 2, {0, 0, 1}, float64);
  check(2 > x, {1, 0, 0}, float64);
  check(x >= std::size_t{2}, {0, 1, 1}, float64);
  check(2 >= x, {1, 1, 0}, float64);
  check(labels == 5, {0, 1}, cr::int64);
  check(cr::tensor({NAN}) == NAN, {0});
  check(cr::tensor({NAN}) != NAN, {1});
}

BOOST_AUTO_TEST_CASE(masks_work_with_the_rest) {
  const Tensor x = cr::variable({-1, 2, 3}), grid = cr::tensor({{1}, {3}});
  BOOST_TEST(cr::sum(x > 0).item() == 2);
  check(grid == x.detach(), {0, 0, 0, 0, 0, 1});
  check((x > 0) * (x < 3), {0, 1, 0});
  check(cr::logical_or(x < 0, x == 3), {1, 0, 1});
  check((x > 0) == 1, {0, 1, 1});
  Tensor kept = cr::where(x > 0, x, 0);
  cr::sum(kept).backward();
  BOOST_TEST(x.grad().to_vector<double>() == Numbers({0, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(cr::all(x == x).item() == 1);
}

BOOST_AUTO_TEST_CASE(comparison_operators_name_the_callers_line) {
  const Tensor x = cr::zeros({2});
  const auto refused = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(refused([&] { return x == cr::zeros({3}); }) == "eq: shapes [2] and [3] do not broadcast together" + at_line());
  BOOST_TEST(refused([&] { return 2 > Tensor(); }) == "gt: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { return cr::zeros({1}, cr::int64) < cr::zeros({1}); }) ==
             "lt: lhs is int64 and rhs is float32, expected the same dtype: convert one with to()" + at_line(__LINE__ - 1));
}

BOOST_AUTO_TEST_CASE(lists_of_tensors_are_searched_by_handle) {
  const std::vector<Tensor> list = {cr::zeros({2}), cr::ones({2})};
  const auto found = std::find_if(list.begin(), list.end(), [&](const Tensor& x) { return x.is(list[1]); });
  BOOST_TEST((found - list.begin()) == 1);
}

// 2^53 + 1, which a double rounds to 2^53, and the ends of int64.
BOOST_AUTO_TEST_CASE(integers_beside_int64_keep_their_value) {
  using Integers = std::vector<std::int64_t>;
  const std::int64_t n = 9007199254740993, most = std::numeric_limits<std::int64_t>::max(),
                     least = std::numeric_limits<std::int64_t>::min();
  for (const cr::Shape& shape : {cr::Shape{}, cr::Shape{1}}) {
    const Tensor big = cr::from_vector(Integers{n}, shape), none = cr::zeros(shape, cr::int64);
    const auto value = [](const Tensor& x) { return x.to_vector<std::int64_t>()[0]; };
    BOOST_TEST(value(cr::eq(big, n)) == 1);
    BOOST_TEST(value(cr::eq(n - 1, big)) == 0);
    BOOST_TEST(value(big - n) == 0);
    BOOST_TEST(value(n - big) == 0);
    BOOST_TEST(value(none + n) == n);
    BOOST_TEST(value(none + most) == most);
    BOOST_TEST(value(least + none) == least);
    BOOST_TEST(value(cr::where(none, 1, n)) == n);
    BOOST_TEST(value(cr::where(big == n, least, 0)) == least);
  }
  BOOST_TEST(cr::tensor({n, most, least}, cr::int64).to_vector<std::int64_t>() == Integers({n, most, least}),
             boost::test_tools::per_element());
  BOOST_TEST((cr::zeros({1}, cr::float64) + n).to_vector<double>()[0] == 9007199254740992.0);
  BOOST_TEST(message_of<std::invalid_argument>([] { cr::zeros({1}, cr::int64) + std::numeric_limits<std::uint64_t>::max(); }) ==
             "add: the number is 1.84467e+19, expected an integer up to 2^53 for an int64 tensor" + at_line());
}

// Limits: value, slope and second derivative.
BOOST_AUTO_TEST_CASE(limits_at_infinity) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN(), quarter = std::acos(0);
  using F = Tensor (*)(const Tensor&);
  struct Limits {
    const char* name;
    F f;
    Numbers at_inf, at_minus_inf;
  };
  const Limits all[] = {
      {"erf", [](const Tensor& x) { return cr::erf(x); }, {1, 0, 0}, {-1, 0, 0}},
      {"atan", [](const Tensor& x) { return cr::atan(x); }, {quarter, 0, 0}, {-quarter, 0, 0}},
      {"tanh", [](const Tensor& x) { return cr::tanh(x); }, {1, 0, 0}, {-1, 0, 0}},
      {"sigmoid", [](const Tensor& x) { return cr::sigmoid(x); }, {1, 0, 0}, {0, 0, 0}},
      {"gelu", [](const Tensor& x) { return cr::gelu(x); }, {inf, 1, 0}, {0, 0, 0}},
      {"gelu_tanh", [](const Tensor& x) { return cr::gelu_tanh(x); }, {inf, 1, 0}, {0, 0, 0}},
      {"silu", [](const Tensor& x) { return cr::silu(x); }, {inf, 1, 0}, {0, 0, 0}},
      {"mish", [](const Tensor& x) { return cr::mish(x); }, {inf, 1, 0}, {0, 0, 0}},
      {"softplus", [](const Tensor& x) { return cr::softplus(x); }, {inf, 1, 0}, {0, 0, 0}},
      {"log_sigmoid", [](const Tensor& x) { return cr::log_sigmoid(x); }, {0, 0, 0}, {-inf, 1, 0}},
      {"elu", [](const Tensor& x) { return cr::elu(x); }, {inf, 1, 0}, {-1, 0, 0}},
      {"softsign", [](const Tensor& x) { return cr::softsign(x); }, {1, 0, 0}, {-1, 0, 0}},
      {"hardswish", [](const Tensor& x) { return cr::hardswish(x); }, {inf, 1, 0}, {0, 0, 0}},
  };
  for (const cr::DType dtype : {cr::float32, cr::float64})
    for (const Limits& limits : all)
      for (const bool single : {true, false})  // a single number and a vector take different paths
        for (const auto& [at, expected] : {std::pair(inf, limits.at_inf), std::pair(-inf, limits.at_minus_inf)}) {
          const Tensor x = cr::full(single ? cr::Shape{} : cr::Shape{2}, at, dtype).set_requires_grad(true);
          const Tensor y = limits.f(x), slope = cr::grad(cr::sum(y), {x}, {.create_graph = true})[0];
          const double second = slope.requires_grad() ? cr::grad(cr::sum(slope), {x})[0].to_vector<double>()[0] : 0;
          BOOST_TEST(y.to_vector<double>()[0] == (std::isinf(expected[0]) ? expected[0] : cr::full({1}, expected[0], dtype).item()),
                     limits.name << " of " << at);
          BOOST_TEST(slope.to_vector<double>()[0] == expected[1], limits.name << "' of " << at);
          BOOST_TEST(second == expected[2], limits.name << "'' of " << at);
        }
  for (const auto f : {cr::softsign, cr::hardswish}) BOOST_TEST(std::isnan(f(cr::tensor(nan)).item()));
}

// The derivative of b·a^(b-1) in b is a^(b-1)·(1 + b·log(a)): 1/a at b = 0, from either side.
BOOST_AUTO_TEST_CASE(mixed_derivatives_of_pow_at_exponent_0) {
  const Tensor hessian = cr::hessian([](const Tensor& v) { return cr::pow(v[0], v[1]); }, cr::tensor({23, 0}, cr::float64));
  const double log23 = std::log(23.0);
  BOOST_TEST(hessian.to_vector<double>() == Numbers({0, 1.0 / 23, 1.0 / 23, log23 * log23}), boost::test_tools::tolerance(1e-14)
                                                                                                 << boost::test_tools::per_element());
  const cr::GradcheckResult checked = cr::gradgradcheck([](const Tensor& p, const Tensor& q) { return cr::pow(p, q); },
                                                        {cr::tensor({2, 3, 0.5}, cr::float64), cr::tensor({0, 1, 0}, cr::float64)});
  BOOST_TEST(checked.passed, checked.report);
  // At (0, 0) the slope in the base is that of a constant, and changes infinitely fast with the exponent.
  Tensor a = cr::variable(0.0, cr::float64), b = cr::variable(0.0, cr::float64);
  const Tensor slope = cr::grad(cr::pow(a, b), {a}, {.create_graph = true})[0];
  BOOST_TEST(slope.item() == 0);
  BOOST_TEST(cr::grad(slope, {b}, {.retain_graph = true})[0].item() == std::numeric_limits<double>::infinity());
  BOOST_TEST(cr::grad(slope, {a})[0].item() == 0);
}

// OEIS A005727, for a single number and for elements of a Tensor.
BOOST_AUTO_TEST_CASE(derivatives_of_x_to_the_x_at_1) {
  for (const Tensor& x : {cr::variable(1.0, cr::float64), cr::variable({1, 1}, cr::float64)}) {
    Tensor y = cr::pow(x, x);
    for (const double expected : {1.0, 2.0, 3.0, 8.0, 10.0, 54.0}) {
      y = cr::grad(cr::sum(y), {x}, {.create_graph = true})[0];
      BOOST_TEST(y.to_vector<double>().back() == expected, boost::test_tools::tolerance(1e-13));
    }
  }
}

// 1 + x + x² + x³ at 0, and 0^x, which is constant for x > 0.
BOOST_AUTO_TEST_CASE(higher_derivatives_of_powers_of_0) {
  Tensor x = cr::variable(0.0, cr::float64), y = cr::sum(cr::pow(x, cr::tensor({0, 1, 2, 3}, cr::float64)));
  for (const double expected : {1, 2, 6, 0}) {
    y = cr::grad(y, {x}, {.create_graph = true})[0];
    BOOST_TEST(y.item() == expected);
  }
  for (const double exponent : {1.0, 2.0, 3.0}) {
    double factorial = 1;
    Tensor power = cr::pow(x, exponent);
    for (int order = 1; order <= 3; ++order) {
      power = cr::grad(power, {x}, {.create_graph = true})[0];
      factorial *= order;
      BOOST_TEST(power.item() == (order == exponent ? factorial : 0), "x^" << exponent << ", order " << order << ": " << power.item());
      if (!power.requires_grad()) break;
    }
  }
  Tensor e = cr::variable(1.0, cr::float64), constant = cr::pow(0, e);
  for (int order = 1; order <= 3; ++order) {
    constant = cr::grad(constant, {e}, {.create_graph = true})[0];
    BOOST_TEST(constant.item() == 0);
  }
}

// b²/h³ and then -3ab²/h⁵. At the origin, the tip of a cone, there are no second derivatives.
BOOST_AUTO_TEST_CASE(higher_derivatives_of_hypot) {
  Tensor x = cr::variable({0, 3}, cr::float64), y = cr::variable({0, 4}, cr::float64);
  Tensor gradient = cr::grad(cr::sum(cr::hypot(x, y)), {x}, {.create_graph = true})[0];
  BOOST_TEST(gradient.to_vector<double>()[0] == 0);
  for (const double expected : {16.0 / 125, -3 * 3 * 16.0 / 3125}) {
    gradient = cr::grad(cr::sum(gradient), {x}, {.create_graph = true})[0];
    BOOST_TEST(std::isnan(gradient.to_vector<double>()[0]));
    BOOST_TEST(gradient.to_vector<double>()[1] == expected, boost::test_tools::tolerance(1e-14));
  }
}

BOOST_AUTO_TEST_CASE(higher_derivatives_of_logaddexp) {
  const double infinity = std::numeric_limits<double>::infinity();
  Tensor x = cr::variable({0, infinity, -infinity, infinity, 0}, cr::float64);
  const Tensor y = cr::tensor({0, infinity, -infinity, -infinity, -1000}, cr::float64);
  Tensor gradient = cr::grad(cr::sum(cr::logaddexp(x, y)), {x}, {.create_graph = true})[0];
  BOOST_TEST(gradient.to_vector<double>() == Numbers({0.5, 0.5, 0.5, 1, 1}), boost::test_tools::per_element());
  gradient = cr::grad(cr::sum(gradient), {x}, {.create_graph = true})[0];
  BOOST_TEST(gradient.to_vector<double>() == Numbers({0.25, 0, 0, 0, 0}), boost::test_tools::per_element());
  gradient = cr::grad(cr::sum(gradient), {x}, {.create_graph = true})[0];
  BOOST_TEST(gradient.to_vector<double>() == Numbers({0, 0, 0, 0, 0}), boost::test_tools::per_element());
  gradient = cr::grad(cr::sum(gradient), {x})[0];
  BOOST_TEST(gradient.to_vector<double>() == Numbers({-0.125, 0, 0, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
