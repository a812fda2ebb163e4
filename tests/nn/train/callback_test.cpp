// Callbacks: what they are told when, and what they may do.
#include "nn/train/callback.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/train/examples.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::message_of;
using cr::test::points;
using cr::test::Recorder;
using cr::test::small_network;
using cr::test::weights_of;

BOOST_AUTO_TEST_SUITE(callback)

BOOST_AUTO_TEST_CASE(callbacks_are_told_in_order) {
  nn::Sequential model = small_network();
  const auto recorder = std::make_shared<Recorder>();
  nn::fit(model, points(6), {.loss = "cross_entropy", .batch_size = 4, .callbacks = {recorder}});
  BOOST_TEST(recorder->events == (std::vector<std::string>{"fit", "epoch", "step", "step end", "step", "step end", "validation",
                                                           "epoch end", "epoch ended", "fit end"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_callback_stops_and_throws) {
  nn::Sequential model = small_network();
  nn::FitOptions options{.loss = "cross_entropy", .epochs = 10, .batch_size = 8};
  options.callbacks = {nn::EpochFunction([](nn::Training& training) {
    if (training.epoch() == 3) training.stop("enough");
  })};
  const nn::History history = nn::fit(model, points(32), options);
  BOOST_TEST(history.epochs.size() == 3u);
  BOOST_TEST((history.ending == nn::Ending::stopped));
  BOOST_TEST(history.reason == "enough");

  const auto recorder = std::make_shared<Recorder>();
  std::vector<std::vector<double>> best;
  options.callbacks = {recorder, nn::EpochFunction([&](nn::Training& training) {
                         if (training.epoch() == 1) {
                           training.keep_weights();
                           best = weights_of(training.module());
                         }
                         if (training.epoch() == 4) throw std::runtime_error("power cut");
                       })};
  BOOST_TEST(message_of<std::runtime_error>([&] { nn::fit(model, points(32), options); }) == "power cut");
  BOOST_TEST(recorder->events.back() == "fit end");
  BOOST_TEST(weights_of(model) == best);
}

BOOST_AUTO_TEST_SUITE_END()
