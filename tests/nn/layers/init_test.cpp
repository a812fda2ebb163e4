// Initializers: each by its name and by its function, with its distribution and bounds, in both dtypes.
#include "nn/layers/init.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/autograd.h"
#include "nn/layers/dense.h"
#include "nn/layers/embedding.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_close;
using cr::test::message_of;

namespace {

constexpr cr::DType kDTypes[] = {cr::DType::float64, cr::DType::float32};

std::vector<double> draw(const nn::Initializer& initializer, const cr::Shape& shape, cr::DType dtype, std::uint64_t seed = 5) {
  cr::Generator generator(seed);
  const cr::Tensor weight = initializer(shape, dtype, generator);
  BOOST_TEST(weight.shape() == shape);
  BOOST_TEST(weight.dtype() == dtype);
  BOOST_TEST(weight.is_leaf());
  BOOST_TEST(weight.requires_grad());
  return weight.to_vector<double>();
}

// The mean of f over the values.
template <class F>
double average(const std::vector<double>& values, F f) {
  double sum = 0;
  for (const double x : values) sum += f(x);
  return sum / static_cast<double>(values.size());
}

// Five standard errors of the mean of what has that deviation.
double error_of(double deviation, const std::vector<double>& values) {
  return 5 * deviation / std::sqrt(static_cast<double>(values.size()));
}

double share_within(const std::vector<double>& values, double bound) {
  return average(values, [bound](double x) { return std::abs(x) <= bound ? 1.0 : 0.0; });
}

void check_normal(const std::string& what, const std::vector<double>& values, double deviation) {
  const auto near = [&](const char* of, double got, double wanted, double error) {
    BOOST_TEST(std::abs(got - wanted) < error, what << ": the " << of << " is " << got << ", expected " << wanted);
  };
  near("mean", average(values, [=](double x) { return x / deviation; }), 0, error_of(1, values));
  near("variance", average(values, [=](double x) { return std::pow(x / deviation, 2); }), 1, error_of(std::sqrt(2), values));
  near("fourth moment", average(values, [=](double x) { return std::pow(x / deviation, 4); }), 3, error_of(std::sqrt(96), values));
  near("share within a deviation", share_within(values, deviation), 0.682689, error_of(0.47, values));
  near("share within two", share_within(values, 2 * deviation), 0.954500, error_of(0.21, values));
}

void check_uniform(const std::string& what, const std::vector<double>& values, double bound, cr::DType dtype) {
  const auto near = [&](const char* of, double got, double wanted, double error) {
    BOOST_TEST(std::abs(got - wanted) < error, what << ": the " << of << " is " << got << ", expected " << wanted);
  };
  near("mean", average(values, [=](double x) { return x / bound; }), 0, error_of(std::sqrt(1.0 / 3), values));
  near("variance", average(values, [=](double x) { return std::pow(x / bound, 2); }), 1.0 / 3, error_of(std::sqrt(4.0 / 45), values));
  near("share of the inner half", share_within(values, bound / 2), 0.5, error_of(0.5, values));
  const auto [low, high] = std::ranges::minmax_element(values);
  // In float32 the bound itself is rounded.
  const double slack = dtype == cr::DType::float64 ? 0 : 1e-7 * bound;
  BOOST_TEST(*low >= -bound - slack, what << " reaches down to " << *low);
  BOOST_TEST(*high <= bound + slack, what << " reaches up to " << *high);
  const double gap = 20 * bound / static_cast<double>(values.size());
  BOOST_TEST(*low < -bound + gap, what << " ends at " << *low);
  BOOST_TEST(*high > bound - gap, what << " ends at " << *high);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(init)

BOOST_AUTO_TEST_CASE(a_name_is_its_function) {
  struct Case {
    const char* name;
    nn::Initializer function;
    bool random;
  };
  const Case cases[] = {
      {"he_normal", nn::init::he_normal(), true},
      {"he_uniform", nn::init::he_uniform(), true},
      {"xavier_normal", nn::init::xavier_normal(), true},
      {"xavier_uniform", nn::init::xavier_uniform(), true},
      {"lecun_normal", nn::init::lecun_normal(), true},
      {"lecun_uniform", nn::init::lecun_uniform(), true},
      {"orthogonal", nn::init::orthogonal(), true},
      {"zeros", nn::init::zeros(), false},
      {"ones", nn::init::ones(), false},
  };
  const std::string known = message_of<std::invalid_argument>([] { nn::Initializer("none"); });
  BOOST_TEST(static_cast<std::size_t>(std::count(known.begin(), known.end(), ',')) == std::size(cases), known);
  for (const Case& c : cases) {
    BOOST_TEST(known.find(c.name) != std::string::npos, c.name);
    for (const cr::DType dtype : kDTypes) {
      const std::vector<double> by_function = draw(c.function, {7, 5}, dtype);
      BOOST_TEST(draw(nn::Initializer(c.name), {7, 5}, dtype) == by_function, c.name);
      BOOST_TEST(draw(nn::Initializer(std::string(c.name)), {7, 5}, dtype) == by_function, c.name);
      BOOST_TEST((draw(c.function, {7, 5}, dtype, 6) != by_function) == c.random, c.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(scaled_by_their_fans) {
  struct Shaped {
    cr::Shape shape;
    double fan_in, fan_out;
  };
  const Shaped shapes[] = {{{200, 300}, 200, 300}, {{300, 50}, 300, 50}, {{3, 40, 60}, 120, 180}, {{5000}, 5000, 5000}};
  for (const cr::DType dtype : kDTypes) {
    for (const auto& [shape, in, out] : shapes) {
      const std::string where = " of " + shape.str();
      check_normal("he_normal" + where, draw("he_normal", shape, dtype), std::sqrt(2 / in));
      check_normal("xavier_normal" + where, draw("xavier_normal", shape, dtype), std::sqrt(2 / (in + out)));
      check_normal("lecun_normal" + where, draw("lecun_normal", shape, dtype), std::sqrt(1 / in));
      check_uniform("he_uniform" + where, draw("he_uniform", shape, dtype), std::sqrt(6 / in), dtype);
      check_uniform("xavier_uniform" + where, draw("xavier_uniform", shape, dtype), std::sqrt(6 / (in + out)), dtype);
      check_uniform("lecun_uniform" + where, draw("lecun_uniform", shape, dtype), std::sqrt(3 / in), dtype);
    }
  }
}

BOOST_AUTO_TEST_CASE(with_numbers_of_ones_own) {
  const cr::Shape shape{100, 150};
  for (const cr::DType dtype : kDTypes) {
    check_normal("normal 0.25", draw(nn::init::normal(0.25), shape, dtype), 0.25);
    BOOST_TEST(std::ranges::all_of(draw(nn::init::normal(0), shape, dtype), [](double x) { return x == 0; }));
    check_uniform("uniform -0.5 to 0.5", draw(nn::init::uniform(-0.5, 0.5), shape, dtype), 0.5, dtype);
    std::vector<double> shifted = draw(nn::init::uniform(2, 3), shape, dtype);
    for (double& x : shifted) x -= 2.5;
    check_uniform("uniform 2 to 3", shifted, 0.5, dtype);
    BOOST_TEST(std::ranges::all_of(draw(nn::init::uniform(1.5, 1.5), shape, dtype), [](double x) { return x == 1.5; }));
    BOOST_TEST(draw(nn::init::constant(-0.75), {2, 2}, dtype) == std::vector<double>(4, -0.75));
    BOOST_TEST(draw(nn::init::zeros(), {3}, dtype) == std::vector<double>(3, 0));
    BOOST_TEST(draw(nn::init::ones(), {3}, dtype) == std::vector<double>(3, 1));
    BOOST_TEST(draw(nn::init::values(cr::tensor({{1, -2}, {0.5, 4}})), {2, 2}, dtype) == std::vector<double>({1, -2, 0.5, 4}));
    BOOST_TEST(draw(nn::init::he_normal(), {0, 3}, dtype).empty());
  }
}

BOOST_AUTO_TEST_CASE(orthogonal_in_both_dtypes) {
  for (const cr::DType dtype : kDTypes) {
    for (const cr::Shape& shape : {cr::Shape{4, 9}, cr::Shape{9, 4}, cr::Shape{1, 1}}) {
      cr::Generator generator(3);
      const cr::Tensor w = nn::init::orthogonal(0.5)(shape, dtype, generator).detach();
      const bool wide = shape[0] <= shape[1];
      const cr::Tensor product = wide ? cr::matmul(w, cr::transpose(w)) : cr::matmul(cr::transpose(w), w);
      check_close(product, (0.25 * cr::eye(product.size(0), dtype)).to_vector<double>(), dtype == cr::DType::float64 ? 1e-14 : 1e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(layers_take_any_of_them) {
  const auto filled = [](const nn::Initializer& initializer) {
    cr::Generator generator(5);
    return initializer({7, 5}, cr::DType::float32, generator).to_vector<double>();
  };
  for (const char* name : {"he_normal", "xavier_uniform", "lecun_normal", "orthogonal", "ones"}) {
    cr::Generator one(5), two(5);
    BOOST_TEST(nn::Dense(7, 5, {.initializer = name, .generator = &one}).weight().to_vector<double>() == filled(name), name);
    BOOST_TEST(nn::Embedding(7, 5, {.initializer = name, .generator = &two}).weight().to_vector<double>() == filled(name), name);
  }
  check_close(nn::Dense(2, 3, {.bias_initializer = nn::init::constant(4)}).bias(), {4, 4, 4});
}

BOOST_AUTO_TEST_SUITE_END()
