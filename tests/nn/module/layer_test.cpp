// Layer: a handle that shares its module.
#include "nn/module/layer.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <stdexcept>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(layer)

BOOST_AUTO_TEST_CASE(a_layer_shares) {
  nn::Layer shared = nn::Dense(3, 3);
  nn::Sequential model{shared, nn::Tanh(), shared};
  BOOST_TEST(model.parameters().size() == 2U);
  BOOST_TEST(model.parameters()[0].is(shared->parameters()[0]));
  const cr::Tensor x = cr::randn({2, 3});
  BOOST_TEST(model(x).to_vector<double>() == shared(cr::tanh(shared(x))).to_vector<double>());
  cr::sum(model(x)).backward();
  BOOST_TEST(shared->parameters()[0].grad().defined());
  const nn::Layer copy = shared;
  BOOST_TEST(copy.shared().get() == shared.shared().get());
  BOOST_TEST(dynamic_cast<nn::Dense&>(*copy).d_in() == 3);
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::Layer(std::shared_ptr<nn::Module>()); }) == "Layer: got no module" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
