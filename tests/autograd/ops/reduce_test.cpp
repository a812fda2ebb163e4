// Means of numbers far from 0 and of large numbers, over axes in every form, and second derivatives of logsumexp at infinite numbers.
// Covers autograd/ops/reduce.h.
#include "autograd/ops/reduce.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

namespace cr = chainrule;
using cr::Axes;
using cr::Shape;
using cr::Tensor;
using Numbers = std::vector<double>;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

}  // namespace

BOOST_AUTO_TEST_SUITE(reductions)

// A unit in the last place of float32 is 1 there.
BOOST_AUTO_TEST_CASE(means_of_float32_far_from_0) {
  const Tensor noise = cr::rand({4, 64, 30}, cr::float64);
  const Tensor x = (noise * 1e4 + 1e7).to(cr::float32);
  for (const Axes& axes : {Axes(), Axes(0), Axes(1), Axes(-1), Axes{0, 1}, Axes{1, 2}, Axes{0, 2}}) {
    const Numbers got = cr::mean(x, axes).to_vector<double>(), exact = cr::mean(x.to(cr::float64), axes).to_vector<double>();
    for (std::size_t i = 0; i < exact.size(); ++i) BOOST_TEST(std::abs(got[i] - exact[i]) <= 1);
  }
}

BOOST_AUTO_TEST_CASE(means_and_their_gradients_of_large_numbers) {
  Tensor x = cr::full({2, 3, 2}, 3e38, cr::float32).set_requires_grad(true);
  for (const Axes& axes : {Axes(), Axes(0), Axes(1), Axes{0, 2}}) {
    const Tensor y = cr::mean(x, axes);
    for (const double mean : y.to_vector<double>()) BOOST_TEST(mean == static_cast<double>(3e38F));
    const double share = static_cast<double>(y.numel()) / 12;
    for (const double slope : cr::grad(cr::sum(y), {x})[0].to_vector<double>()) BOOST_TEST(std::abs(slope - share) < 1e-7);
  }
  BOOST_TEST(cr::mean_squared_difference(cr::full({4}, 1.5e19), cr::zeros({4})).item() == static_cast<double>(1.5e19F * 1.5e19F));
}

// The Hessian is diag(p) - p·pᵀ with p = softmax(x).
BOOST_AUTO_TEST_CASE(second_derivatives_of_logsumexp_at_infinities) {
  const auto hessian = [](const Numbers& at) {
    return cr::hessian([](const Tensor& x) { return cr::logsumexp(x); }, cr::from_vector(at)).to_vector<double>();
  };
  const auto check = [&](const Numbers& at, const Numbers& expected) {
    const Numbers got = hessian(at);
    for (std::size_t i = 0; i < expected.size(); ++i) BOOST_TEST(std::abs(got[i] - expected[i]) < 1e-15);
  };
  check({kInf, 1}, {0, 0, 0, 0});
  check({-kInf, 1}, {0, 0, 0, 0});
  check({-kInf, 1, 1}, {0, 0, 0, 0, 0.25, -0.25, 0, -0.25, 0.25});
  // The limit of equal numbers.
  for (const double all : {-kInf, 0.0, kInf}) check({all, all}, {0.25, -0.25, -0.25, 0.25});
}

BOOST_AUTO_TEST_SUITE_END()
