// BatchNorm: its buffers, and one example in training.
#include "nn/layers/batch_norm.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/layers/whole_range.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(batch_norm)

BOOST_AUTO_TEST_CASE(batch_norm_refuses_one_example_in_training_only) {
  nn::BatchNorm norm(2);
  const cr::Tensor one = cr::tensor({{3, -1}});
  BOOST_TEST(message_of<std::invalid_argument>([&] { norm(one); }) ==
             "BatchNorm 2: BatchNorm: x has shape [1, 2], expected 2 examples or more in training (drop_last skips a smaller last "
             "batch)" +
                 at_line());
  check_close(norm.running_mean(), {0, 0});
  norm.eval();
  check_close(norm(one), {3, -1}, 1e-4);
  check_close(norm.running_mean(), {0, 0});
}

BOOST_AUTO_TEST_CASE(batch_norm_keeps_its_buffers_and_records_nothing_in_them) {
  nn::BatchNorm norm(2, {.momentum = 0.5});
  const cr::Tensor before = norm.running_mean();
  const cr::Tensor x = cr::variable({{1, 2}, {3, 6}});
  const cr::Tensor y = norm(x);
  BOOST_TEST(norm.running_mean().is(before));
  BOOST_TEST(norm.running_mean().is_leaf());
  BOOST_TEST(!norm.running_var().requires_grad());
  check_close(norm.running_mean(), {1, 2});
  check_close(norm.running_var(), {1.5, 4.5}, 1e-6);
  norm(x);  // moves the buffers, which the first graph does not use
  cr::sum(y * y).backward();
  BOOST_TEST(norm.named_buffers().size() == 2U);
  BOOST_TEST(norm.parameters().size() == 2U);
}

BOOST_AUTO_TEST_CASE(over_the_whole_range) {
  cr::test::check_whole_range(nn::BatchNorm(1, {.epsilon = 0}), cr::tensor({{1}, {2}, {4}}), cr::tensor({{1}, {2}, {5}}));
}

BOOST_AUTO_TEST_CASE(statistics_far_from_0) {
  nn::BatchNorm norm(2, {.momentum = 1});
  const double far = 1 << 23;  // the steps of float32 are 1 here
  const cr::Tensor x = cr::tensor({{far, 0.1}, {far + 1, 0.1}, {far + 2, 0.1}, {far + 3, 0.1}}), y = norm(x);
  const double root = std::sqrt(1.25);
  check_close(y, {-1.5 / root, 0, -0.5 / root, 0, 0.5 / root, 0, 1.5 / root, 0}, 1e-5);
  check_close(norm.running_var(), {5. / 3, 0}, 1e-6);
  check_close(norm.running_mean(), {far + 1.5, 0.1}, 1e-7);
}

BOOST_AUTO_TEST_CASE(a_constant_feature_without_epsilon_is_0) {
  nn::BatchNorm norm(1, {.momentum = 1, .epsilon = 0});
  const cr::Tensor x = cr::full({4, 1}, 0.5);
  check_close(norm(x), {0, 0, 0, 0}, 0);
  norm.eval();
  check_close(norm(x), {0, 0, 0, 0}, 0);
}

BOOST_AUTO_TEST_CASE(batch_norm_moves_its_buffers_once_in_a_checkpoint) {
  cr::Tensor x = cr::tensor({{9}, {11}}).set_requires_grad(true);
  nn::BatchNorm plain(1), inside(1);
  cr::sum(cr::square(plain(x) + x)).backward();
  const cr::Tensor expected = x.grad();
  x.zero_grad();
  const cr::Tensor y = cr::checkpoint([&](const cr::Tensor& h) { return inside(h) + h; }, {x});
  const cr::Tensor loss = cr::sum(cr::square(y));
  loss.backward({.retain_graph = true});
  check_close(x.grad(), expected.to_vector<double>(), 1e-6);
  loss.backward();
  check_close(inside.running_mean(), {1}, 1e-6);
  check_close(inside.running_var(), {1.1}, 1e-6);  // 0.9 · 1 + 0.1 · 2
  BOOST_TEST(inside.running_mean().to_vector<float>()[0] == plain.running_mean().to_vector<float>()[0]);
  BOOST_TEST(inside.running_var().to_vector<float>()[0] == plain.running_var().to_vector<float>()[0]);
}

BOOST_AUTO_TEST_SUITE_END()
