// Numbers by name, and those of every epoch.
#include "nn/train/history.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <iomanip>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/autograd/base/other_locale.h"
#include "tests/autograd/base/throws.h"

namespace nn = chainrule::nn;
using chainrule::test::at_line;
using chainrule::test::message_of;

BOOST_AUTO_TEST_SUITE(history)

BOOST_AUTO_TEST_CASE(numbers_keep_their_order) {
  nn::Metrics metrics;
  BOOST_TEST(metrics.size() == 0U);
  metrics.set("loss", 0.25);
  metrics.set("accuracy", 0.9325);
  metrics.set("loss", 0.5);  // in its place
  BOOST_TEST(metrics.size() == 2U);
  BOOST_TEST(metrics["loss"] == 0.5);
  BOOST_TEST(metrics.begin()->first == "loss");
  BOOST_TEST(metrics.contains("accuracy"));
  BOOST_TEST(!metrics.contains("acc"));
  BOOST_TEST((std::ostringstream() << metrics).str() == "loss 0.5  accuracy 0.9325");
  BOOST_TEST((std::ostringstream() << nn::Metrics()).str().empty());
}

BOOST_AUTO_TEST_CASE(numbers_are_printed_in_any_locale) {
  nn::Metrics metrics;
  metrics.set("loss", -std::numeric_limits<double>::quiet_NaN());
  BOOST_TEST(!std::signbit(metrics["loss"]));
  metrics.set("er\x1b[2Jror", 1234.5);
  const chainrule::test::OtherLocale other;
  BOOST_TEST((std::ostringstream() << metrics).str() == "loss nan  er\\x1b[2Jror 1234.5");
  BOOST_TEST((std::ostringstream() << std::setprecision(2) << metrics).str() == "loss nan  er\\x1b[2Jror 1.2e+03");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_there) {
  nn::Metrics metrics;
  BOOST_TEST(message_of<std::invalid_argument>([&] { metrics["loss"]; }) ==
             "Metrics: there is no \"loss\", recorded values: none" + at_line());
  metrics.set("loss", 1);
  metrics.set("f1", 1);
  BOOST_TEST(message_of<std::invalid_argument>([&] { metrics["los"]; }) ==
             "Metrics: there is no \"los\", recorded values: loss, f1" + at_line());
}

BOOST_AUTO_TEST_CASE(one_number_of_every_epoch) {
  nn::History history;
  BOOST_TEST(history["anything"].empty());
  BOOST_TEST((history.ending == nn::Ending::finished));
  BOOST_TEST(!history.best_epoch.has_value());
  for (int epoch = 0; epoch < 3; ++epoch) {
    history.epochs.emplace_back();
    history.epochs.back().set("loss", 3 - epoch);
  }
  BOOST_TEST(history["loss"] == (std::vector<double>{3, 2, 1}), boost::test_tools::per_element());
  history.epochs.back().set("f1", 1);
  BOOST_TEST(message_of<std::invalid_argument>([&] { history["f1"]; }) == "History: there is no \"f1\", recorded values: loss" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
