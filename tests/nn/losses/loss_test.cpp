// Loss: a loss by name, by function, or one's own.
#include "nn/losses/loss.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "nn/losses/losses.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/losses/examples.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::labels;
using cr::test::logits;
using cr::test::message_of;
using cr::test::targets;

BOOST_AUTO_TEST_SUITE(loss)

BOOST_AUTO_TEST_CASE(losses_are_values) {
  const cr::Tensor x = logits(), y = targets();
  struct Options {
    nn::Loss loss = "cross_entropy";
  };
  const double expected = nn::mse_loss(x, y).item();
  BOOST_TEST((Options{.loss = nn::mse_loss}.loss(x, y).item()) == expected);
  BOOST_TEST((Options{.loss = "mse_loss"}.loss(x, y).item()) == expected);
  BOOST_TEST((Options{.loss = [](const cr::Tensor& a, const cr::Tensor& b) { return cr::mean(cr::square(a - b)); }}.loss(x, y).item()) ==
             expected);
  BOOST_TEST(Options{}.loss(x, labels()).item() == nn::cross_entropy(x, labels()).item());
  BOOST_TEST(Options{}.loss.name() == "cross_entropy");
  BOOST_TEST(
      message_of<std::invalid_argument>([&] { Options{.loss = nn::mse_loss}.loss(x, labels()); }) ==
      "mse_loss: target is int64 [4], expected float64 [4, 3] like prediction: for labels of classes a function that takes them, such as "
      "cross_entropy or accuracy" +
          at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::Loss("msee"); }) ==
             "Loss: unknown loss \"msee\", known names: mse_loss, l1_loss, squared_error_loss, huber_loss, smooth_l1_loss, log_cosh_loss, "
             "poisson_nll_loss, cross_entropy, nll_loss, binary_cross_entropy, binary_cross_entropy_with_logits, kl_div, hinge_loss, "
             "multi_margin_loss, softmax_mse_loss, mse, mae" +
                 at_line());
}

BOOST_AUTO_TEST_CASE(the_weight_of_a_batch_is_what_its_mean_divides_by) {
  const cr::Tensor some_ignored = cr::from_vector(std::vector<std::int64_t>{2, -100, 0, -100}), values = cr::zeros({4, 3});
  for (const nn::Loss& loss : {nn::Loss("cross_entropy"), nn::Loss("nll_loss"), nn::Loss(nn::cross_entropy), nn::Loss(nn::nll_loss)}) {
    BOOST_TEST(loss.weight(some_ignored) == 2);
    BOOST_TEST(loss.weight(values) == 4);  // probabilities
  }
  for (const nn::Loss& loss : {nn::Loss("multi_margin_loss"), nn::Loss(nn::mse_loss)}) BOOST_TEST(loss.weight(some_ignored) == 4);
  const auto mean = [](const cr::Tensor& a, const cr::Tensor& b) { return cr::mean(cr::square(a - b)); };
  BOOST_TEST(nn::Loss(mean).weight(values) == 4);
  BOOST_TEST(nn::Loss(mean).weight(cr::tensor(1.0)) == 1);
  BOOST_TEST(nn::Loss(mean, [](const cr::Tensor&) { return 7; }).weight(values) == 7);
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::Loss(mean, [](const cr::Tensor&) { return -1; }).weight(values);
             }).find("Loss: the weight of a batch is -1, expected a finite number, 0 or more") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
