// Names that users of PyTorch and JAX write first compile, and do what they do there.
// Covers nn/module.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <vector>

#include "nn/nn.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;

namespace {

using Numbers = std::vector<double>;

void check(const cr::Tensor& got, const Numbers& wanted) {
  BOOST_TEST(got.to_vector<double>() == wanted, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(guesses)

BOOST_AUTO_TEST_CASE(makers_like_another) {
  cr::Generator generator(1);
  cr::Tensor x = cr::tensor({{1, 2}, {3, 4}});
  check(cr::zeros_like(x), {0, 0, 0, 0});
  check(cr::ones_like(x), {1, 1, 1, 1});
  check(cr::full_like(x, 7), {7, 7, 7, 7});
  BOOST_TEST(cr::rand_like(x).shape() == x.shape());
  BOOST_TEST(cr::randn_like(x, generator).shape() == x.shape());
}

BOOST_AUTO_TEST_CASE(functions) {
  cr::Tensor a = cr::tensor({1, 2}), b = cr::tensor({3, 4, 5});
  const std::vector<cr::Tensor> grid = cr::meshgrid({a, b});
  check(grid[0], {1, 1, 1, 2, 2, 2});
  check(cr::meshgrid({a, b}, "xy")[0], {1, 2, 1, 2, 1, 2});
  check(cr::cat({a, b}), {1, 2, 3, 4, 5});
  check(cr::cat({a, a}, -1), {1, 2, 1, 2});
  check(cr::hypot(cr::tensor({3, 5}), cr::tensor({4, 12})), {5, 13});
  check(cr::logaddexp(cr::tensor({-INFINITY, 1000}), cr::tensor({2, -1000})), {2, 1000});
}

BOOST_AUTO_TEST_CASE(comparisons) {
  cr::Tensor x = cr::tensor({1, 2, 3}), y = cr::tensor({3, 2, 1});
  check(x > y, {0, 0, 1});
  check(x >= 2, {0, 1, 1});
  check(x == y, {0, 1, 0});
  check(x != y, {1, 0, 1});
  check(x < 2, {1, 0, 0});
  check(2 <= x, {0, 1, 1});
  BOOST_TEST(((x > 1) * (x < 3)).sum().item<int>() == 1);
  check(cr::where(x > 1, x, 0), {0, 2, 3});
  check(cr::masked_fill(x, x == 2, -1), {1, -1, 3});
}

BOOST_AUTO_TEST_CASE(methods) {
  cr::Tensor x = cr::tensor({{1, 4}, {9, 16}});
  BOOST_TEST(x.dim() == 2);
  BOOST_TEST(x.sum().item() == 30);
  BOOST_TEST(x.mean().item() == 7.5);
  check(x.sum(1, true), {5, 25});
  check(x.max(0), {9, 16});
  check(x.min(1), {1, 9});
  check(x.argmax(1), {1, 1});
  BOOST_TEST(x.argmax().item<std::int64_t>() == 3);
  check(x.sqrt(), {1, 2, 3, 4});
  check(x.pow(2), {1, 16, 81, 256});
  check(cr::round(x.exp().log()), {1, 4, 9, 16});
  check((-x).abs(), {1, 4, 9, 16});
  check(x.t(), {1, 9, 4, 16});
  check(x.transpose(0, 1), {1, 9, 4, 16});
  check(x.permute({1, 0}), {1, 9, 4, 16});
  check(x.unsqueeze(0).squeeze().flatten(), {1, 4, 9, 16});
  check(x.reshape({4}), {1, 4, 9, 16});
  check(x.matmul(cr::tensor({1, 1})), {5, 25});
}

BOOST_AUTO_TEST_CASE(recording_and_gradients) {
  cr::Tensor x = cr::variable(3.0);
  {
    const cr::NoGrad none;
    const cr::EnableGrad again;
    BOOST_TEST((x * x).requires_grad());
  }
  const auto [value, gradients] = cr::value_and_grad([](const cr::Tensor& at) { return at * at; }, {x});
  BOOST_TEST(value.item<float>() == 9.0F);
  BOOST_TEST(gradients[0].item<double>() == 6);
}

BOOST_AUTO_TEST_CASE(dtypes) {
  cr::Tensor labels = cr::tensor({1, 2}, cr::int64);
  BOOST_TEST(labels[0].item<std::int64_t>() == 1);
  BOOST_TEST(cr::zeros({2}, cr::float64).dtype() == cr::float64);
  BOOST_TEST(labels.to(cr::float32).dtype() == cr::float32);
  const cr::DefaultDType precise(cr::float64);
  BOOST_TEST(cr::tensor({1, 2}).dtype() == cr::float64);
}

BOOST_AUTO_TEST_CASE(networks) {
  nn::Sequential model{nn::Linear(2, 4), nn::BatchNorm1d(4), nn::ReLU(), nn::Linear(4, 1)};
  nn::SGD optimizer(model.parameters(), {.learning_rate = 0.1});
  optimizer.step(model(cr::randn({8, 2})).pow(2).mean());
  const std::vector<nn::NamedTensor> saved = model.state_dict();
  model.load_state_dict(saved);
  optimizer.load_state_dict(optimizer.state_dict());
  std::ostringstream out;
  out << model << model.clone() << cr::tensor({{1, 2}, {3, 4}});
  BOOST_TEST(out.str().starts_with("Sequential\n\nLayer"));
  BOOST_TEST(out.str().ends_with("tensor([[1, 2],\n        [3, 4]], float32)"));
}

BOOST_AUTO_TEST_SUITE_END()
