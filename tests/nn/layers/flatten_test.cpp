// Flatten: shapes, values and errors.
#include "nn/layers/flatten.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(flatten)

BOOST_AUTO_TEST_CASE(flatten_keeps_the_first_axis) {
  const nn::Flatten flatten;
  const cr::Tensor x = cr::randn({4, 3, 5});
  BOOST_TEST(flatten(x).shape() == (cr::Shape{4, 15}));
  BOOST_TEST(flatten(x).to_vector<float>() == x.to_vector<float>());
  BOOST_TEST(flatten(cr::zeros({0, 3, 5})).shape() == (cr::Shape{0, 15}));
  BOOST_TEST(flatten(cr::zeros({7})).shape() == (cr::Shape{7, 1}));
  BOOST_TEST(message_of<std::invalid_argument>([&] { flatten(cr::zeros({})); }) ==
             "Flatten: Flatten: x has shape [], expected [n, ...]" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
