// Dense: values, gradients, activations, weights drawn, sizes learned by build(), and errors.
#include "nn/layers/dense.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(dense)

BOOST_AUTO_TEST_CASE(dense_computes_x_w_plus_b) {
  nn::Dense dense(2, 3, {.initializer = nn::init::constant(2), .bias_initializer = nn::init::constant(-1)});
  BOOST_TEST(dense.weight().shape() == (cr::Shape{2, 3}));
  BOOST_TEST(dense.bias().shape() == (cr::Shape{3}));
  check_close(dense(cr::tensor({{1, 2}, {3, 4}})), {5, 5, 5, 13, 13, 13});
  BOOST_TEST(dense(cr::zeros({4, 5, 2})).shape() == (cr::Shape{4, 5, 3}));
  BOOST_TEST(dense(cr::zeros({0, 2})).shape() == (cr::Shape{0, 3}));
  const nn::Dense plain(2, 3, {.bias = false, .initializer = "ones"});
  BOOST_TEST(!plain.bias().defined());
  BOOST_TEST(plain.parameters().size() == 1U);
  check_close(plain(cr::tensor({{1, 2}})), {3, 3, 3});
}

BOOST_AUTO_TEST_CASE(dense_gradients_agree_with_central_differences) {
  cr::Generator generator(3);
  nn::Sequential model{nn::Dense(3, 4, {.generator = &generator, .activation = "tanh"}), nn::Dense(4, 2, {.generator = &generator}),
                       nn::LogSoftmax()};
  model.to(cr::DType::float64);
  const cr::Tensor x = cr::randn({5, 3}, generator, cr::DType::float64).set_requires_grad(true);
  std::vector<cr::Tensor> leaves = model.parameters();
  leaves.push_back(x);
  BOOST_TEST(cr::test::worst_gradient([&] { return model(x); }, leaves) < 1e-7);
}

BOOST_AUTO_TEST_CASE(dense_applies_its_activation) {
  const auto dense = [](nn::Activation activation) {
    return nn::Dense(1, 2, {.initializer = "ones", .bias_initializer = nn::init::constant(-2), .activation = activation});
  };
  const cr::Tensor x = cr::tensor({{1}, {3}});
  check_close(dense("")(x), {-1, -1, 1, 1});
  check_close(dense("linear")(x), {-1, -1, 1, 1});
  check_close(dense("relu")(x), {0, 0, 1, 1});
  check_close(dense(cr::relu)(x), {0, 0, 1, 1});
  check_close(dense("tanh")(x), {-std::tanh(1), -std::tanh(1), std::tanh(1), std::tanh(1)}, 1e-6);
  check_close(dense("sigmoid")(x), {1 / (1 + std::exp(1)), 1 / (1 + std::exp(1)), 1 / (1 + std::exp(-1)), 1 / (1 + std::exp(-1))}, 1e-6);
  check_close(dense("softmax")(x), {0.5, 0.5, 0.5, 0.5}, 1e-6);
  check_close(dense("log_softmax")(x), {-std::log(2), -std::log(2), -std::log(2), -std::log(2)}, 1e-6);
  check_close(dense([](const cr::Tensor& y) { return cr::square(y) + 1; })(x), {2, 2, 2, 2});
}

BOOST_AUTO_TEST_CASE(errors_of_dense_and_activation) {
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([] { nn::Dense(0, 3); }) == "Dense: got sizes 0 -> 3, expected at least 1 each" + at_line());
  BOOST_TEST(message([] { nn::Dense(3, -1); }) == "Dense: got sizes 3 -> -1, expected at least 1 each" + at_line());
  BOOST_TEST(
      message([] { nn::Dense(3, 1, {.activation = "rleu"}); }) ==
      "Activation: unknown activation \"rleu\", known names: linear, relu, leaky_relu, relu6, elu, selu, celu, gelu, gelu_tanh, silu, "
      "mish, softplus, softsign, hardtanh, hardsigmoid, hardswish, sigmoid, log_sigmoid, tanh, softmax, log_softmax" +
          at_line());
  unsigned line = 0;
  const nn::Dense dense(1, 2, {.activation = [&](const cr::Tensor& y) {
                          line = __LINE__ + 1;
                          return y + cr::zeros({3});
                        }});
  const std::string found = message([&] { dense(cr::zeros({1, 1})); });
  BOOST_TEST(found == "Dense 1 -> 2, function: add: shapes [1, 2] and [3] do not broadcast together" + at_line(line));
}

BOOST_AUTO_TEST_CASE(one_generator_gives_the_same_weights) {
  cr::Generator first(42), second(42), other(43);
  const nn::Dense a(20, 30, {.generator = &first}), b(20, 30, {.generator = &second}), c(20, 30, {.generator = &other}),
      d(20, 30, {.generator = &first});
  BOOST_TEST(a.weight().to_vector<float>() == b.weight().to_vector<float>());
  BOOST_TEST(a.weight().to_vector<float>() != c.weight().to_vector<float>());
  BOOST_TEST(a.weight().to_vector<float>() != d.weight().to_vector<float>());
  cr::manual_seed(5);
  const nn::Dense e(4, 4);
  cr::manual_seed(5);
  const nn::Dense f(4, 4);
  BOOST_TEST(e.weight().to_vector<float>() == f.weight().to_vector<float>());
}

BOOST_AUTO_TEST_CASE(dense_learns_its_input_size_by_build) {
  cr::Generator one(3), two(3);
  nn::Sequential open{nn::Flatten(), nn::Dense(5, {.generator = &one, .activation = "relu"}), nn::BatchNorm(5), nn::Dropout(0.5),
                      nn::Dense(2, {.bias = false, .generator = &one})};
  BOOST_TEST(open[1]->describe() == "Dense ? -> 5, relu");
  BOOST_TEST(
      message_of<std::logic_error>([&] {
        open(cr::zeros({1, 2, 3}));
      }) ==
      "Sequential.1 (Dense ? -> 5, relu): Dense: the input size is not known: call build() with the shape of one example, or pass the "
      "input size to the constructor" +
          at_line());
  BOOST_TEST(open.build({2, 3}) == cr::Shape{2});
  const nn::Dense first(6, 5, {.generator = &two}), last(5, 2, {.bias = false, .generator = &two});
  BOOST_TEST(open.named_parameters().size() == 5U);
  BOOST_TEST(open[1]->parameters()[0].to_vector<float>() == first.weight().to_vector<float>());
  BOOST_TEST(open[4]->parameters()[0].to_vector<float>() == last.weight().to_vector<float>());
  BOOST_TEST(open[3]->is_training());
  check_close(open.named_buffers()[0].tensor, {0, 0, 0, 0, 0});
  const cr::Tensor weight = open.parameters()[0];
  BOOST_TEST(open.build({6}) == cr::Shape{2});  // a second time only the shapes are looked at
  BOOST_TEST(open.parameters()[0].is(weight));
  BOOST_TEST(message_of<std::invalid_argument>([&] { open.build({7}); }) ==
             "Sequential.1 (Dense 6 -> 5, relu): Dense: an example has shape [7], expected [..., 6]" + at_line());
  BOOST_TEST(nn::Embedding(4, 3).build({2}) == (cr::Shape{2, 3}));
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Dense(0, nn::DenseOptions{}); }) ==
             "Dense: got size 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
