// Groups of parameters, each with its own options and learning rate.
// Covers nn/optim/optimizer.h.
#include "nn/optim/sgd.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/optim/optim_reference.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::make;
using cr::test::message_of;
using cr::test::ReferenceParameters;

BOOST_AUTO_TEST_SUITE(groups)

BOOST_AUTO_TEST_CASE(groups) {
  ReferenceParameters p(cr::DType::float64);
  nn::SGD optimizer = make<nn::SGD>(p, {.learning_rate = 0.1}, {.learning_rate = 0.2});
  BOOST_TEST(optimizer.group_count() == 2U);
  BOOST_TEST(optimizer.parameters().size() == 2U);
  BOOST_TEST(optimizer.learning_rate() == 0.1);
  BOOST_TEST(optimizer.learning_rate(1) == 0.2);
  optimizer.set_group_learning_rate(1, 0.4);
  BOOST_TEST(optimizer.learning_rate() == 0.1);
  optimizer.step(cr::sum(p.a) + cr::sum(p.b));
  BOOST_TEST(p.a.to_vector<double>()[0] == 0.9);
  BOOST_TEST(p.b.to_vector<double>()[0] == 0.4);
  optimizer.set_learning_rate(0.3);
  BOOST_TEST(optimizer.learning_rate(0) == 0.3);
  BOOST_TEST(optimizer.learning_rate(1) == 0.3);
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([&] { optimizer.learning_rate(2); }) == "SGD: there is no group 2 among 2" + at_line());
  BOOST_TEST(message([&] { optimizer.set_group_learning_rate(2, 0); }) == "SGD: there is no group 2 among 2" + at_line());
  BOOST_TEST(message([&] { optimizer.set_group_learning_rate(1, -1); }) ==
             "SGD: learning_rate is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(message([&] { optimizer.add_group({p.a}, {}); }) ==
             "SGD: parameter 2 of shape [3] was already given as parameter 0" + at_line());
  BOOST_TEST(message([&] { optimizer.add_group({cr::variable({1})}, {.momentum = -1}); }) ==
             "SGD: momentum is -1, expected a finite number, 0 or more" + at_line());
  BOOST_TEST(optimizer.group_count() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
