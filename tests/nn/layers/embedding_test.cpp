// Embedding: the rows that are named, their gradients, and how the vectors are drawn.
#include "nn/layers/embedding.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include "nn/nn.h"
#include "tests/nn/layers/check_close.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::check_close;

BOOST_AUTO_TEST_SUITE(embedding)

BOOST_AUTO_TEST_CASE(rows_by_number_and_their_gradients) {
  const nn::Embedding table(3, 2, {.initializer = nn::init::values(cr::tensor({{1, 2}, {3, 4}, {5, 6}}))});
  const cr::Tensor words = cr::tensor({{2, 0, 2}}, cr::DType::int64), y = table(words);
  BOOST_TEST((y.shape() == cr::Shape{1, 3, 2}));
  check_close(y, {5, 6, 1, 2, 5, 6});
  y.backward({.gradient = cr::tensor({{{1, 10}, {2, 20}, {4, 40}}})});
  check_close(table.weight().grad(), {2, 20, 0, 0, 5, 50});
  BOOST_TEST((table(cr::zeros({0}, cr::DType::int64)).shape() == cr::Shape{0, 2}));
  BOOST_TEST(table.describe() == "Embedding 3 x 2");
  BOOST_TEST(table.parameter_count() == 6);
}

BOOST_AUTO_TEST_CASE(vectors_are_drawn_by_the_generator_given) {
  cr::Generator one(4), two(4);
  const nn::Embedding a(50, 40, {.generator = &one}), b(50, 40, {.generator = &two});
  BOOST_TEST(a.weight().to_vector<float>() == b.weight().to_vector<float>(), boost::test_tools::per_element());
  BOOST_TEST((one == two));
  BOOST_TEST(one.counter() > 0U);
  const double square = cr::mean(cr::square(a.weight())).item();  // of 2,000 draws; a deviation is 0.03
  BOOST_TEST(std::abs(square - 1) < 0.16);
}

BOOST_AUTO_TEST_SUITE_END()
