// The makers: values, shapes, dtypes, and the text of their errors. (Streams and moments of random numbers: base/random_test.cpp.)
#include "autograd/ops/create.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <set>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::DType;
using cr::Shape;
using cr::Tensor;
using cr::test::at_line;
using cr::test::refused;
using Numbers = std::vector<double>;

namespace {

void check(const Tensor& got, const Shape& shape, DType dtype, const Numbers& values) {
  BOOST_TEST(got.shape() == shape);
  BOOST_TEST(got.dtype() == dtype);
  BOOST_TEST(got.is_leaf());
  BOOST_TEST(got.to_vector<double>() == values, boost::test_tools::per_element());
}

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

BOOST_AUTO_TEST_SUITE(create)

BOOST_AUTO_TEST_CASE(literals) {
  check(cr::tensor(2.5), Shape{}, DType::float32, {2.5});
  check(cr::tensor({1, 2}), {2}, DType::float32, {1, 2});
  check(cr::tensor({{1, 2}, {3, 4}}), {2, 2}, DType::float32, {1, 2, 3, 4});
  check(cr::tensor({{{1}, {2}}}, DType::float64), {1, 2, 1}, DType::float64, {1, 2});
  check(cr::tensor({0.1}, DType::float64), {1}, DType::float64, {0.1});
  check(cr::tensor({-1.0, 2}, DType::int64), {2}, DType::int64, {-1, 2});
  check(cr::tensor({{}, {}}), {2, 0}, DType::float32, {});
  check(cr::tensor({}), {0}, DType::float32, {});
  BOOST_TEST(!cr::tensor({1}).requires_grad());
}

BOOST_AUTO_TEST_CASE(uneven_literals_are_refused) {
  BOOST_TEST(refused([] { cr::tensor({{1, 2}, {3}}); }) == "tensor: a list at depth 1 has 1 items, expected 2 like the first" + at_line());
  BOOST_TEST(refused([] { cr::tensor({{1, 2}, 3}); }) == "tensor: got a number at depth 1, expected numbers at depth 2 only" + at_line());
  BOOST_TEST(refused([] { cr::tensor({1, {2}}); }) == "tensor: got a list at depth 1, expected a number" + at_line());
  BOOST_TEST(refused([] { cr::tensor({{}, {1}}); }) == "tensor: a list at depth 1 has 1 items, expected 0 like the first" + at_line());
  BOOST_TEST(refused([] {
               cr::tensor({1, 1e30}, DType::int64);
             }) == "tensor: a number is 1e+30, expected an integer up to 2^53 for an int64 tensor" + at_line(__LINE__ - 2));
  BOOST_TEST(refused([] { cr::tensor({kNan}, DType::int64); }) ==
             "tensor: a number is nan, expected an integer for an int64 tensor" + at_line(__LINE__ - 1));
}

BOOST_AUTO_TEST_CASE(variables) {
  const Tensor x = cr::variable({1, 2}, DType::float64);
  check(x, {2}, DType::float64, {1, 2});
  BOOST_TEST(x.requires_grad());
  BOOST_TEST(refused([] { cr::variable(1, DType::int64); }) == "variable: got int64, expected float32 or float64" + at_line());
}

BOOST_AUTO_TEST_CASE(vectors) {
  check(cr::from_vector(std::vector<float>{1, 2, 3, 4}, {2, 2}), {2, 2}, DType::float32, {1, 2, 3, 4});
  check(cr::from_vector(std::vector<double>{0.1}), {1}, DType::float64, {0.1});
  check(cr::from_vector(std::vector<int>{1, -2}), {2}, DType::int64, {1, -2});
  check(cr::from_vector(std::vector<float>{}, {0, 3}), {0, 3}, DType::float32, {});
  const std::int64_t large = (std::int64_t{1} << 62) + 1;
  BOOST_TEST(cr::from_vector(std::vector<std::int64_t>{large}).to_vector<std::int64_t>()[0] == large);
  const std::string got = refused([] { cr::from_vector(std::vector<float>{1, 2, 3}, {2, 2}); }), place = at_line();
  BOOST_TEST(got == "from_vector: got 3 values for shape [2, 2], expected 4" + place);
}

BOOST_AUTO_TEST_CASE(constants) {
  check(cr::zeros({2, 1}), {2, 1}, DType::float32, {0, 0});
  check(cr::ones({2}, DType::float64), {2}, DType::float64, {1, 1});
  check(cr::full({2}, -1.5), {2}, DType::float32, {-1.5, -1.5});
  check(cr::full(Shape{}, kInf, DType::float64), Shape{}, DType::float64, {kInf});
  check(cr::full({1}, 2.0, DType::int64), {1}, DType::int64, {2});
  check(cr::zeros({0, 3}), {0, 3}, DType::float32, {});
  check(cr::eye(2, DType::int64), {2, 2}, DType::int64, {1, 0, 0, 1});
  check(cr::eye(0), {0, 0}, DType::float32, {});
  BOOST_TEST(refused([] { cr::zeros({-1}); }) == "zeros: the shape [-1] has a negative size" + at_line());
  BOOST_TEST(refused([] { cr::ones({2, -1}); }) == "ones: the shape [2, -1] has a negative size" + at_line());
  BOOST_TEST(refused([] { cr::full({-3}, 1); }) == "full: the shape [-3] has a negative size" + at_line());
  BOOST_TEST(refused([] { cr::eye(-1); }) == "eye: the shape [-1, -1] has a negative size" + at_line());
  BOOST_TEST(refused([] { cr::full({1}, kInf, DType::int64); }) ==
             "full: the value is inf, expected an integer up to 2^53 for an int64 tensor" + at_line(__LINE__ - 1));
}

BOOST_AUTO_TEST_CASE(ranges) {
  check(cr::arange(3), {3}, DType::float32, {0, 1, 2});
  check(cr::arange(1, 2, 0.25, DType::float64), {4}, DType::float64, {1, 1.25, 1.5, 1.75});
  check(cr::arange(2, -1, -1, DType::int64), {3}, DType::int64, {2, 1, 0});
  check(cr::arange(1, 1), {0}, DType::float32, {});
  check(cr::arange(1, 0), {0}, DType::float32, {});
  check(cr::arange(0, 1.5), {2}, DType::float32, {0, 1});
  check(cr::linspace(-1, 1, 5, DType::float64), {5}, DType::float64, {-1, -0.5, 0, 0.5, 1});
  check(cr::linspace(3, 7, 1), {1}, DType::float32, {3});
  check(cr::linspace(3, 7, 0), {0}, DType::float32, {});
  BOOST_TEST(cr::linspace(0.1, 0.7, 1000, DType::float64).to_vector<double>().back() == 0.7);
  std::string got = refused([] { cr::arange(0, 1, 0); }), place = at_line();
  BOOST_TEST(got == "arange: start 0, stop 1, step 0: expected finite numbers and a step other than 0" + place);
  got = refused([] { cr::arange(kInf); }), place = at_line();
  BOOST_TEST(got == "arange: start 0, stop inf, step 1: expected finite numbers and a step other than 0" + place);
  BOOST_TEST(refused([] { cr::arange(0, 1, 1e-300); }) == "arange: start 0, stop 1, step 1e-300: too many elements" + at_line());
  BOOST_TEST(refused([] { cr::linspace(0, 1, -1); }) == "linspace: count is -1, expected at least 0" + at_line());
}

BOOST_AUTO_TEST_CASE(random_makers_keep_their_promises) {
  cr::Generator generator(7);
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor uniform = cr::rand({37, 5}, generator, dtype), normal = cr::randn({37, 5}, generator, dtype);
    BOOST_TEST(uniform.shape() == (Shape{37, 5}));
    BOOST_TEST(uniform.dtype() == dtype);
    BOOST_TEST(normal.dtype() == dtype);
    for (double u : uniform.to_vector<double>()) BOOST_TEST((u >= 0 && u < 1));
    for (double z : normal.to_vector<double>()) BOOST_TEST(std::isfinite(z));
    const std::vector<double> coins = cr::bernoulli(0.5, {100}, generator, dtype).to_vector<double>();
    BOOST_TEST(std::count(coins.begin(), coins.end(), 0.0) + std::count(coins.begin(), coins.end(), 1.0) == 100);
    BOOST_TEST((std::set<double>(coins.begin(), coins.end()).size() == 2u));
  }
  const std::vector<std::int64_t> numbers = cr::randint(-2, 2, {500}, generator).to_vector<std::int64_t>();
  BOOST_TEST((std::set<std::int64_t>(numbers.begin(), numbers.end()) == std::set<std::int64_t>{-2, -1, 0, 1}));
  std::vector<std::int64_t> order = cr::randperm(50, generator).to_vector<std::int64_t>();
  BOOST_TEST(!std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) BOOST_TEST(order[i] == static_cast<std::int64_t>(i));
  check(cr::randperm(0, generator), {0}, DType::int64, {});
  check(cr::bernoulli(0, {3}, generator), {3}, DType::float32, {0, 0, 0});
  check(cr::bernoulli(1, {3}, generator), {3}, DType::float32, {1, 1, 1});
  // Over the whole range of int64 too.
  const std::int64_t lowest = std::numeric_limits<std::int64_t>::min(), largest = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::int64_t> wide = cr::randint(lowest, largest, {100}, generator).to_vector<std::int64_t>();
  BOOST_TEST((*std::min_element(wide.begin(), wide.end()) < 0 && *std::max_element(wide.begin(), wide.end()) > 0));
}

BOOST_AUTO_TEST_CASE(a_generator_and_its_number_repeat_a_draw) {
  cr::Generator generator(3);
  cr::rand({5}, generator);
  const cr::Generator saved(generator.seed(), generator.counter());
  const auto draw = [](cr::Generator from) {
    Numbers all = cr::rand({7}, from).to_vector<double>();
    for (const Tensor& x : {cr::randn({3}, from), cr::randint(0, 9, {4}, from), cr::randperm(6, from), cr::bernoulli(0.3, {5}, from)})
      for (double value : x.to_vector<double>()) all.push_back(value);
    return all;
  };
  BOOST_TEST(draw(saved) == draw(generator), boost::test_tools::per_element());
  BOOST_TEST(draw(saved) != draw(cr::Generator(4)));
  cr::manual_seed(11);
  const Numbers first = cr::rand({3}).to_vector<double>();
  cr::manual_seed(11);
  BOOST_TEST(cr::rand({3}).to_vector<double>() == first);
  BOOST_TEST(cr::rand({3}).to_vector<double>() != first);
}

BOOST_AUTO_TEST_CASE(random_makers_refuse) {
  cr::Generator generator;
  BOOST_TEST(refused([&] { cr::rand({-1}, generator); }) == "rand: the shape [-1] has a negative size" + at_line());
  BOOST_TEST(refused([] { cr::rand({1}, DType::int64); }) == "rand: got int64, expected float32 or float64" + at_line());
  BOOST_TEST(refused([] { cr::randn({1}, DType::int64); }) == "randn: got int64, expected float32 or float64" + at_line());
  BOOST_TEST(refused([] { cr::randint(2, 2, {1}); }) == "randint: low is 2 and high is 2, expected low < high" + at_line());
  BOOST_TEST(refused([] { cr::randperm(-1); }) == "randperm: the shape [-1] has a negative size" + at_line());
  BOOST_TEST(refused([] { cr::bernoulli(1.5, {1}); }) == "bernoulli: the probability is 1.5, expected 0 to 1" + at_line());
  BOOST_TEST(refused([] { cr::bernoulli(kNan, {1}); }) == "bernoulli: the probability is nan, expected 0 to 1" + at_line());
  BOOST_TEST(refused([] { cr::bernoulli(1, {1}, DType::int64); }) == "bernoulli: got int64, expected float32 or float64" + at_line());
}

BOOST_AUTO_TEST_CASE(makers_of_the_shape_and_dtype_of_another) {
  const Tensor x = cr::variable({{1, 2, 3}, {4, 5, 6}}, DType::float64), labels = cr::tensor({7, 8}, DType::int64);
  check(cr::zeros_like(x), {2, 3}, DType::float64, Numbers(6, 0));
  check(cr::ones_like(x.clone()), {2, 3}, DType::float64, Numbers(6, 1));
  check(cr::full_like(x, -2.5), {2, 3}, DType::float64, Numbers(6, -2.5));
  check(cr::zeros_like(labels), {2}, DType::int64, {0, 0});
  check(cr::full_like(labels, 9), {2}, DType::int64, {9, 9});
  check(cr::ones_like(cr::zeros({0, 4})), {0, 4}, DType::float32, {});
  check(cr::ones_like(cr::tensor(3)), {}, DType::float32, {1});
  BOOST_TEST(!cr::ones_like(x).requires_grad());
  cr::Generator generator(5), same(5);
  BOOST_TEST(cr::rand_like(x, generator).to_vector<double>() == cr::rand({2, 3}, same, DType::float64).to_vector<double>());
  BOOST_TEST(cr::randn_like(x, generator).to_vector<double>() == cr::randn({2, 3}, same, DType::float64).to_vector<double>());
  cr::manual_seed(3);
  const Tensor uniform = cr::rand_like(x), normal = cr::randn_like(x);
  cr::manual_seed(3);
  check(uniform, {2, 3}, DType::float64, cr::rand({2, 3}, DType::float64).to_vector<double>());
  check(normal, {2, 3}, DType::float64, cr::randn({2, 3}, DType::float64).to_vector<double>());

  BOOST_TEST(refused([] { cr::zeros_like(Tensor()); }) == "zeros_like: undefined tensor" + at_line());
  BOOST_TEST(refused([] { cr::ones_like(Tensor()); }) == "ones_like: undefined tensor" + at_line());
  BOOST_TEST(refused([] { cr::full_like(Tensor(), 1); }) == "full_like: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { cr::full_like(labels, kNan); }) ==
             "full_like: the value is nan, expected an integer for an int64 tensor" + at_line(__LINE__ - 1));
  BOOST_TEST(refused([] { cr::rand_like(Tensor()); }) == "rand_like: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { cr::rand_like(labels); }) == "rand_like: got int64, expected float32 or float64" + at_line());
  BOOST_TEST(refused([] { cr::randn_like(Tensor()); }) == "randn_like: undefined tensor" + at_line());
  BOOST_TEST(refused([&] { cr::randn_like(labels); }) == "randn_like: got int64, expected float32 or float64" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
