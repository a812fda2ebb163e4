// RMSNorm: values by hand, over one axis and several, with and without a weight, and the default epsilon of each dtype.
#include "nn/layers/rms_norm.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <utility>

#include "nn/nn.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/layers/whole_range.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_close;

BOOST_AUTO_TEST_SUITE(rms_norm)

BOOST_AUTO_TEST_CASE(each_example_is_divided_by_its_root_mean_square) {
  nn::RMSNorm norm(2, {.epsilon = 3});
  norm.to(cr::DType::float64);
  // Mean squares 1 and 13: divided by 2 and 4.
  const cr::Tensor x = cr::tensor({{1, -1}, {-1, 5}}, cr::DType::float64);
  check_close(norm(x), {0.5, -0.5, -0.25, 1.25});
  cr::assign(const_cast<cr::Tensor&>(norm.weight()), cr::tensor({2, -4}, cr::DType::float64));
  check_close(norm(x), {1, 2, -0.5, -5});
  norm.eval();
  check_close(norm(x), {1, 2, -0.5, -5});
}

BOOST_AUTO_TEST_CASE(over_several_axes) {
  const nn::RMSNorm norm({2, 2}, {.epsilon = 0, .affine = false});
  BOOST_TEST(!norm.weight().defined());
  BOOST_TEST(norm.parameters().empty());
  BOOST_TEST(norm.describe() == "RMSNorm [2, 2]");
  check_close(norm(cr::tensor({{{3, 3}, {-3, 3}}, {{0, 0}, {8, 0}}}, cr::DType::float64)), {1, 1, -1, 1, 0, 0, 2, 0});
  BOOST_TEST(nn::RMSNorm({2, 2}).parameter_count() == 4);
}

// An example of elements √ε is divided by √(2ε): ε is 2⁻²³ in float32 and 2⁻⁵² in float64.
BOOST_AUTO_TEST_CASE(epsilon_is_that_of_the_dtype_by_default) {
  const nn::RMSNorm norm(2, {.affine = false});
  const cr::Tensor single = norm(cr::full({1, 2}, std::sqrt(0x1p-23), cr::DType::float32));
  const cr::Tensor twice = norm(cr::full({1, 2}, 0x1p-26, cr::DType::float64));
  BOOST_TEST(std::abs(single.to_vector<double>()[0] - std::sqrt(0.5)) < 1e-6);
  BOOST_TEST(std::abs(twice.to_vector<double>()[0] - std::sqrt(0.5)) < 1e-15);
}

BOOST_AUTO_TEST_CASE(over_the_whole_range) {
  cr::test::check_whole_range(nn::RMSNorm(3, {.epsilon = 0}), cr::tensor({{1, 2, 4}}), cr::tensor({{1, 2, 5}}));
}

BOOST_AUTO_TEST_CASE(zeros_without_epsilon_stay_zeros) {
  const cr::Tensor x = cr::zeros({1, 3}).set_requires_grad(true), y = nn::RMSNorm(3, {.epsilon = 0})(x);
  check_close(y, {0, 0, 0}, 0);
  cr::sum(y).backward();
  check_close(x.grad(), {1, 1, 1}, 0);  // as if divided by 1
}

BOOST_AUTO_TEST_SUITE_END()
