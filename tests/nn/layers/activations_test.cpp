// Layers of activations: each is its op; PReLU has a weight.
#include "nn/layers/activations.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(activations)

BOOST_AUTO_TEST_CASE(activation_layers_are_their_ops) {
  const cr::Tensor x = cr::tensor({{-1, 0, 2}, {3, -4, 5}});
  const auto same = [&](const nn::Layer& layer, const cr::Tensor& expected) {
    BOOST_TEST(layer->parameters().empty());
    BOOST_TEST(layer(x).to_vector<float>() == expected.to_vector<float>());
  };
  same(nn::ReLU(), cr::relu(x));
  same(nn::ReLU6(), cr::relu6(x));
  same(nn::LeakyReLU(), cr::leaky_relu(x));
  same(nn::LeakyReLU(0.3), cr::leaky_relu(x, 0.3));
  same(nn::ELU(0.5), cr::elu(x, 0.5));
  same(nn::SELU(), cr::selu(x));
  same(nn::CELU(0.5), cr::celu(x, 0.5));
  same(nn::GELU(), cr::gelu(x));
  same(nn::GELUTanh(), cr::gelu_tanh(x));
  same(nn::SiLU(), cr::silu(x));
  same(nn::Mish(), cr::mish(x));
  same(nn::Softplus(2, 3), cr::softplus(x, 2, 3));
  same(nn::Softsign(), cr::softsign(x));
  same(nn::Hardtanh(-2, 4), cr::hardtanh(x, -2, 4));
  same(nn::Hardsigmoid(), cr::hardsigmoid(x));
  same(nn::Hardswish(), cr::hardswish(x));
  same(nn::Sigmoid(), cr::sigmoid(x));
  same(nn::LogSigmoid(), cr::log_sigmoid(x));
  same(nn::Tanh(), cr::tanh(x));
  same(nn::GLU(0), cr::glu(x, 0));
  same(nn::Softmax(), cr::softmax(x, 1));
  same(nn::Softmax(0), cr::softmax(x, 0));
  same(nn::LogSoftmax(), cr::log_softmax(x, 1));
  same(nn::LogSoftmax(0), cr::log_softmax(x, 0));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Softmax(2)(x); }) ==
             "Softmax over axis 2: softmax: axis 2 is out of range for a tensor of shape [2, 3], expected -2 to 1" + at_line());
}

BOOST_AUTO_TEST_CASE(prelu_trains_its_weight) {
  nn::PReLU one, each(3);
  const cr::Tensor x = cr::tensor({{-1, 0, 2}, {3, -4, 5}});
  check_close(one(x), {-0.25, 0, 2, 3, -1, 5});
  BOOST_TEST(one.parameter_count() == 1);
  BOOST_TEST(each.parameter_count() == 3);
  cr::sum(each(x)).backward();
  check_close(each.weight().grad(), {-1, -4, 0});
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::PReLU(0); }) == "PReLU: channels is 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
