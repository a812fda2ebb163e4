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
  BOOST_TEST(refused([&] { return cr::zeros({1}, cr::int64) < 0.5; }) ==
             "lt: the number is 0.5, expected an integer beside an int64 tensor" + at_line(__LINE__ - 1));
}

BOOST_AUTO_TEST_CASE(lists_of_tensors_are_searched_by_handle) {
  const std::vector<Tensor> list = {cr::zeros({2}), cr::ones({2})};
  const auto found = std::find_if(list.begin(), list.end(), [&](const Tensor& x) { return x.is(list[1]); });
  BOOST_TEST((found - list.begin()) == 1);
}

BOOST_AUTO_TEST_CASE(higher_derivatives_of_hypot) {
  Tensor x = cr::variable({0, 3}, cr::float64), y = cr::variable({0, 4}, cr::float64);
  Tensor gradient = cr::grad(cr::sum(cr::hypot(x, y)), {x}, {.create_graph = true})[0];
  // b²/h³ and then -3ab²/h⁵; 0 in every order at the origin.
  gradient = cr::grad(cr::sum(gradient), {x}, {.create_graph = true})[0];
  BOOST_TEST(gradient.to_vector<double>() == Numbers({0, 16.0 / 125}), boost::test_tools::tolerance(1e-14)
                                                                           << boost::test_tools::per_element());
  gradient = cr::grad(cr::sum(gradient), {x})[0];
  BOOST_TEST(gradient.to_vector<double>() == Numbers({0, -3 * 3 * 16.0 / 3125}), boost::test_tools::tolerance(1e-14)
                                                                                     << boost::test_tools::per_element());
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
