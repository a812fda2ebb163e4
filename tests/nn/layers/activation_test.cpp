// Activations by name.
#include "nn/layers/activation.h"

#include <boost/test/unit_test.hpp>

#include "nn/nn.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;

BOOST_AUTO_TEST_SUITE(activation)

BOOST_AUTO_TEST_CASE(activations_have_the_names_of_their_ops) {
  const cr::Tensor x = cr::tensor({{-1, 0, 2}, {3, -4, 5}});
  const auto same = [&](const char* name, const cr::Tensor& expected) {
    const nn::Activation activation(name);
    BOOST_TEST(activation.name() == name);
    BOOST_TEST(activation(x).to_vector<float>() == expected.to_vector<float>(), name);
  };
  same("relu", cr::relu(x));
  same("leaky_relu", cr::leaky_relu(x));
  same("relu6", cr::relu6(x));
  same("elu", cr::elu(x));
  same("selu", cr::selu(x));
  same("celu", cr::celu(x));
  same("gelu", cr::gelu(x));
  same("gelu_tanh", cr::gelu_tanh(x));
  same("silu", cr::silu(x));
  same("mish", cr::mish(x));
  same("softplus", cr::softplus(x));
  same("softsign", cr::softsign(x));
  same("hardtanh", cr::hardtanh(x));
  same("hardsigmoid", cr::hardsigmoid(x));
  same("hardswish", cr::hardswish(x));
  same("sigmoid", cr::sigmoid(x));
  same("log_sigmoid", cr::log_sigmoid(x));
  same("tanh", cr::tanh(x));
  same("softmax", cr::softmax(x, -1));
  same("log_softmax", cr::log_softmax(x, -1));
}

BOOST_AUTO_TEST_SUITE_END()
