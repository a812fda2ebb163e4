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
#include "tests/nn/layers/random.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::kDouble;
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

double mean_square(const cr::Tensor& x) { return cr::mean(cr::square(x)).item(); }
double largest(const cr::Tensor& x) { return cr::max(cr::abs(x)).item(); }

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

BOOST_AUTO_TEST_CASE(initializers_have_their_variance_and_bounds) {
  cr::Generator generator(9);
  const cr::Shape shape{200, 300};
  const auto draw = [&](const nn::Initializer& initializer) { return initializer(shape, cr::DType::float64, generator); };
  const auto near = [](double got, double wanted) { return std::abs(got / wanted - 1) < 0.03; };
  // 60,000 draws: the variance is met within about 0.6 % (one deviation, normal).
  BOOST_TEST(near(mean_square(draw("he_normal")), 2.0 / 200));
  BOOST_TEST(near(mean_square(draw("he_uniform")), 2.0 / 200));
  BOOST_TEST(near(mean_square(draw("xavier_normal")), 2.0 / 500));
  BOOST_TEST(near(mean_square(draw("xavier_uniform")), 2.0 / 500));
  BOOST_TEST(near(mean_square(draw(nn::init::normal(0.1))), 0.01));
  BOOST_TEST(largest(draw("he_uniform")) <= std::sqrt(6.0 / 200));
  BOOST_TEST(largest(draw("xavier_uniform")) <= std::sqrt(6.0 / 500));
  const cr::Tensor uniform = draw(nn::init::uniform(2, 3));
  BOOST_TEST(cr::min(uniform).item() >= 2);
  BOOST_TEST(cr::max(uniform).item() <= 3);
  BOOST_TEST(std::abs(cr::mean(uniform).item() - 2.5) < 0.01);
  BOOST_TEST(largest(draw("zeros")) == 0);
  BOOST_TEST(cr::min(draw("ones")).item() == 1);
  BOOST_TEST(draw("he_normal").requires_grad());
  BOOST_TEST(draw("he_normal").is_leaf());
  BOOST_TEST(draw("he_normal").dtype() == cr::DType::float64);
}

BOOST_AUTO_TEST_CASE(initializers_of_ones_own_and_their_errors) {
  const cr::Tensor kept = cr::tensor({{1, 2}, {3, 4}});
  const nn::Initializer own = [&](const cr::Shape&, cr::DType, cr::Generator&) { return kept; };
  const nn::Dense dense(2, 2, {.initializer = own});
  check_close(dense.weight(), {1, 2, 3, 4});
  BOOST_TEST(!dense.weight().is(kept));
  BOOST_TEST(!kept.requires_grad());
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([&] { nn::Dense(2, 3, {.initializer = own}); }) ==
             "Initializer: the function returned float32 [2, 2], expected float32 [2, 3]" + at_line());
  BOOST_TEST(message([] { nn::Initializer("he"); }) ==
             "Initializer: unknown initializer \"he\", known names: he_normal, he_uniform, xavier_normal, xavier_uniform, lecun_normal, "
             "lecun_uniform, orthogonal, zeros, ones" +
                 at_line());
  BOOST_TEST(message([] { nn::init::normal(-1); }) == "normal: the standard deviation is -1, expected 0 or more" + at_line());
  BOOST_TEST(message([] { nn::init::uniform(1, 0); }) == "uniform: got low 1 and high 0, expected low <= high" + at_line());
}

BOOST_AUTO_TEST_CASE(orthogonal_weights_keep_lengths) {
  cr::Generator generator(2);
  for (const cr::Shape& shape : {cr::Shape{5, 9}, cr::Shape{9, 5}, cr::Shape{6, 6}, cr::Shape{1, 4}, cr::Shape{2, 3, 4}}) {
    const cr::Tensor w = nn::init::orthogonal(2)(shape, kDouble, generator).detach();
    BOOST_TEST(w.shape() == shape);
    const cr::Tensor m = w.reshape({-1, shape.size(-1)});
    const cr::Tensor product = m.size(0) <= m.size(1) ? cr::matmul(m, cr::transpose(m)) : cr::matmul(cr::transpose(m), m);
    check_close(product, (4 * cr::eye(product.size(0), kDouble)).to_vector<double>(), 1e-13);
  }
  // Each direction is equally likely, so that no entry has a preferred sign.
  double sum = 0;
  for (int i = 0; i < 400; ++i) sum += nn::init::orthogonal()({2, 2}, kDouble, generator).to_vector<double>()[0] > 0 ? 1 : -1;
  BOOST_TEST(std::abs(sum) < 80);
  BOOST_TEST(nn::Initializer("orthogonal")({0, 3}, cr::DType::float32, generator).numel() == 0);
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::init::orthogonal()({3}, kDouble, generator); }) ==
             "orthogonal: got shape [3], expected two axes or more" + at_line());
}

BOOST_AUTO_TEST_CASE(lecun_has_its_variance_and_values_are_copied) {
  cr::Generator generator(9);
  for (const char* name : {"lecun_normal", "lecun_uniform"}) {
    const cr::Tensor w = nn::Initializer(name)({200, 300}, kDouble, generator);
    BOOST_TEST(std::abs(cr::mean(cr::square(w)).item() * 200 - 1) < 0.03);
  }
  const cr::Tensor given = cr::tensor({{1, 2}, {3, 4}}, kDouble);
  const nn::Dense dense(2, 2, {.initializer = nn::init::values(given)});
  check_close(dense.weight(), {1, 2, 3, 4});
  BOOST_TEST(dense.weight().dtype() == cr::DType::float32);
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Dense(2, 3, {.initializer = nn::init::values(given)}); }) ==
             "Initializer: the function returned float32 [2, 2], expected float32 [2, 3]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::init::values(cr::Tensor()); }) == "values: undefined tensor" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
