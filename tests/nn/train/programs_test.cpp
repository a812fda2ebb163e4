// What users write: networks with a loop, a layer and a loss of their own.
// Covers nn/train.
#include <boost/test/unit_test.hpp>

#include "nn/nn.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;

namespace {

struct Residual : nn::Module {
  nn::Dense fc1{64, 64}, fc2{64, 64};
  cr::Tensor forward(const cr::Tensor& x) const override { return x + fc2(cr::relu(fc1(x))); }
  void members(nn::Members& visit) override {
    visit("fc1", fc1);
    visit("fc2", fc2);
  }
};

cr::Tensor log_cosh(const cr::Tensor& prediction, const cr::Tensor& target) { return cr::mean(cr::log(cr::cosh(prediction - target))); }

}  // namespace

BOOST_AUTO_TEST_SUITE(programs)

BOOST_AUTO_TEST_CASE(xor_is_learnt) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    cr::Generator generator(seed);
    nn::Sequential model{nn::Dense(2, 16, {.generator = &generator}), nn::Tanh(), nn::Dense(16, 1, {.generator = &generator})};
    nn::SGD optimizer(model.parameters(), {.learning_rate = 0.5});
    cr::Tensor x = cr::tensor({{0, 0}, {0, 1}, {1, 0}, {1, 1}});
    cr::Tensor y = cr::tensor({{0}, {1}, {1}, {0}});
    for (int step = 0; step < 1000; ++step) {
      cr::Tensor loss = nn::binary_cross_entropy_with_logits(model(x), y);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
    }
    const double loss = nn::binary_cross_entropy_with_logits(model(x), y).item();
    BOOST_TEST(loss < 0.01, "seed " << seed << ": loss " << loss);
  }
}

BOOST_AUTO_TEST_CASE(a_layer_and_a_loss_of_ones_own) {
  cr::manual_seed(1);
  nn::Sequential model{nn::Dense(1, 64), Residual(), nn::Dense(64, 1)};
  nn::Adam optimizer(model.parameters(), {.learning_rate = 1e-3});
  const cr::Tensor x = cr::linspace(-1, 1, 64).reshape({64, 1}), y = cr::sin(3 * x);
  const nn::Loss loss = log_cosh;
  const double first = loss(model(x), y).item();
  for (int step = 0; step < 300; ++step) optimizer.step(loss(model(x), y));
  const double last = loss(model(x), y).item();
  BOOST_TEST(last < 1e-3, "loss from " << first << " to " << last);
}

BOOST_AUTO_TEST_CASE(gradients_of_a_layer_and_a_loss_of_ones_own) {
  cr::manual_seed(2);
  Residual model;
  model.to(cr::DType::float64);
  const cr::Tensor x = cr::randn({3, 64}, cr::DType::float64).set_requires_grad(true), y = cr::randn({3, 64}, cr::DType::float64);
  BOOST_TEST(cr::test::worst_gradient([&] { return log_cosh(model(x), y); }, {x, model.fc1.bias(), model.fc2.bias(), model.fc2.weight()}) <
             1e-7);
}

BOOST_AUTO_TEST_CASE(classes_are_learnt) {
  cr::Generator generator(4);
  // Three clouds of points around the corners of a triangle.
  const std::int64_t n = 300;
  const cr::Tensor labels = cr::randint(0, 3, {n}, generator);
  const cr::Tensor corners = cr::tensor({{0, 0}, {3, 0}, {0, 3}});
  const cr::Tensor x = cr::index_select(corners, 0, labels) + cr::randn({n, 2}, generator) * 0.5;
  nn::Sequential model{nn::Dense(2, 16, {.generator = &generator, .activation = "relu"}), nn::Dense(16, 3, {.generator = &generator})};
  nn::Adam optimizer(model.parameters(), {.learning_rate = 0.05});
  for (int step = 0; step < 100; ++step) optimizer.step(nn::cross_entropy(model(x), labels));
  BOOST_TEST(nn::accuracy(model(x), labels) > 0.98);
  BOOST_TEST(cr::sum(nn::confusion_matrix(model(x), labels)).item() == 300);
}

BOOST_AUTO_TEST_CASE(a_steady_training_step_leaves_nothing_behind) {
  cr::Generator generator(6);
  nn::Sequential model{nn::Dense(8, 8, {.generator = &generator, .activation = "relu"}), nn::Dense(8, 3, {.generator = &generator})};
  nn::Adam optimizer(model.parameters());
  const cr::Tensor x = cr::randn({16, 8}, generator), y = cr::randint(0, 3, {16}, generator);
  const auto step = [&] { optimizer.step(nn::cross_entropy(model(x), y)); };
  step();
  const cr::GraphStats before = cr::graph_stats();
  for (int i = 0; i < 100; ++i) step();
  const cr::GraphStats after = cr::graph_stats();
  BOOST_TEST(after.nodes == before.nodes);
  BOOST_TEST(after.tensors == before.tensors);
  BOOST_TEST(after.bytes == before.bytes);
}

BOOST_AUTO_TEST_SUITE_END()
