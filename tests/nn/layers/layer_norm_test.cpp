// LayerNorm: values by hand, over one axis and several, with and without parameters.
// Covers nn/layers/norm_sizes.cpp.
#include "nn/layers/layer_norm.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <utility>
#include <vector>

#include "nn/nn.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/layers/whole_range.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_close;

BOOST_AUTO_TEST_SUITE(layer_norm)

BOOST_AUTO_TEST_CASE(each_example_is_normalized_by_itself) {
  nn::LayerNorm norm(2, {.epsilon = 3});
  norm.to(cr::DType::float64);
  // Means 2 and 0, variances 1 and 13: divided by 2 and 4.
  const double root = std::sqrt(13.0);
  const cr::Tensor x = cr::tensor({{1, 3}, {-root, root}}, cr::DType::float64);
  check_close(norm(x), {-0.5, 0.5, -root / 4, root / 4});
  cr::assign(const_cast<cr::Tensor&>(norm.weight()), cr::tensor({2, -4}, cr::DType::float64));
  cr::assign(const_cast<cr::Tensor&>(norm.bias()), cr::tensor({10, 20}, cr::DType::float64));
  check_close(norm(x), {9, 18, 10 - root / 2, 20 - root});
  norm.eval();
  check_close(norm(x), {9, 18, 10 - root / 2, 20 - root});
}

BOOST_AUTO_TEST_CASE(over_several_axes) {
  const nn::LayerNorm norm({2, 2}, {.epsilon = 0, .affine = false});
  BOOST_TEST(!norm.weight().defined());
  BOOST_TEST(norm.parameters().empty());
  BOOST_TEST(norm.describe() == "LayerNorm [2, 2]");
  check_close(norm(cr::tensor({{{1, 1}, {3, 3}}, {{0, 8}, {8, 0}}}, cr::DType::float64)), {-1, -1, 1, 1, -1, 1, 1, -1});
  const nn::LayerNorm affine({2, 2});
  BOOST_TEST((affine.weight().shape() == cr::Shape{2, 2}));
  BOOST_TEST(affine.parameter_count() == 8);
}

BOOST_AUTO_TEST_CASE(over_the_whole_range) {
  cr::test::check_whole_range(nn::LayerNorm(3, {.epsilon = 0}), cr::tensor({{1, 2, 4}}), cr::tensor({{1, 2, 5}}));
}

BOOST_AUTO_TEST_CASE(far_from_0_and_of_equal_elements) {
  const nn::LayerNorm norm(4, {.affine = false}), exact(4, {.epsilon = 0, .affine = false});
  const double root = std::sqrt(1.25), far = 1 << 23;
  const cr::Tensor x = cr::tensor({{far, far + 1, far + 2, far + 3}});
  check_close(norm(x), {-1.5 / root, -0.5 / root, 0.5 / root, 1.5 / root}, 1e-5);
  const cr::Tensor equal = cr::full({1, 4}, 14.62).set_requires_grad(true), y = exact(equal);
  check_close(y, {0, 0, 0, 0}, 0);
  cr::sum(y * cr::tensor({{1, 2, 3, 6}})).backward();
  check_close(equal.grad(), {-2, -1, 0, 3}, 1e-6);  // as if divided by 1
  // With an epsilon the second derivative exists there.
  const cr::Tensor h = cr::hessian([&](const cr::Tensor& z) { return cr::sum(cr::square(norm(z))); }, cr::ones({1, 4}, cr::DType::float64));
  BOOST_TEST(cr::all(cr::isfinite(h)).item() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
