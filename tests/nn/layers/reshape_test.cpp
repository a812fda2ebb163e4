// Reshape: shapes of examples, one size left open.
#include "nn/layers/reshape.h"

#include <boost/test/unit_test.hpp>

#include "nn/nn.h"
#include "tests/nn/layers/random.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::random;

BOOST_AUTO_TEST_SUITE(reshape)

BOOST_AUTO_TEST_CASE(reshape_leaves_the_first_axis) {
  const cr::Tensor x = random({4, 6}, 1);
  BOOST_TEST(nn::Reshape({2, 3})(x).shape() == (cr::Shape{4, 2, 3}));
  BOOST_TEST(nn::Reshape({3, -1})(x).shape() == (cr::Shape{4, 3, 2}));
  BOOST_TEST(nn::Reshape({3, -1})(cr::zeros({0, 6})).shape() == (cr::Shape{0, 3, 2}));
  BOOST_TEST(nn::Reshape(cr::Shape{})(cr::zeros({5, 1})).shape() == cr::Shape{5});
  BOOST_TEST(nn::Reshape({2, 3})(x).to_vector<double>() == x.to_vector<double>());
}

BOOST_AUTO_TEST_SUITE_END()
