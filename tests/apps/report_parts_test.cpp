#include "apps/common/report_parts.h"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <stdexcept>

#include "apps/common/cli.h"
#include "autograd/ops/create.h"

namespace apps = chainrule::apps;
namespace cr = chainrule;

BOOST_AUTO_TEST_SUITE(report_parts)

BOOST_AUTO_TEST_CASE(worst_mistakes_come_first) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const cr::Tensor outputs = cr::tensor({{0.5, 0.25, 0.25}, {0, 0.875, 0.125}, {0.5, 0.25, 0.25}, {1, 0, 0}, {nan, 0, 0}, {0.75, 0.25, 0}});
  const cr::Tensor labels = cr::tensor({1, 0, 2, 0, 1, 1}, cr::DType::int64);
  const auto mistakes = apps::worst_mistakes(outputs, labels, 3);
  BOOST_REQUIRE(mistakes.size() == 3U);
  BOOST_TEST(mistakes[0].example == 1);
  BOOST_TEST(mistakes[0].label == 0);
  BOOST_TEST(mistakes[0].guess == 1);
  BOOST_TEST(mistakes[0].confidence == 0.875);
  BOOST_TEST(mistakes[1].example == 5);
  BOOST_TEST(mistakes[1].confidence == 0.75);
  BOOST_TEST(mistakes[2].example == 0);  // as confident as example 2, and before it
  BOOST_TEST(apps::worst_mistakes(outputs, labels, 9).size() == 4U);
  BOOST_TEST(apps::worst_mistakes(outputs, labels, 0).empty());
}

BOOST_AUTO_TEST_CASE(worst_mistakes_refuse_what_does_not_fit) {
  BOOST_CHECK_THROW(apps::worst_mistakes(cr::zeros({2, 3}), cr::zeros({3}, cr::DType::int64), 1), std::invalid_argument);
  BOOST_CHECK_THROW(apps::worst_mistakes(cr::zeros({2, 3}), cr::zeros({2}), 1), std::invalid_argument);
  BOOST_CHECK_THROW(apps::worst_mistakes(cr::zeros({6}), cr::zeros({6}, cr::DType::int64), 1), std::invalid_argument);
  BOOST_CHECK_THROW(apps::worst_mistakes(cr::zeros({2, 0}), cr::zeros({2}, cr::DType::int64), 1), std::invalid_argument);
  BOOST_TEST(apps::worst_mistakes(cr::zeros({0, 3}), cr::zeros({0}, cr::DType::int64), 1).empty());
}

BOOST_AUTO_TEST_CASE(weight_images_are_columns) {
  const cr::Tensor weight = cr::tensor({{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 50}, {6, 60}});
  const auto images = apps::weight_images(weight, 2, 3, 64);
  BOOST_REQUIRE(images.size() == 2U);
  BOOST_TEST(images[1].rows == 2);
  BOOST_TEST(images[1].columns == 3);
  BOOST_TEST(images[1].values == (std::vector<float>{10, 20, 30, 40, 50, 60}), boost::test_tools::per_element());
  BOOST_TEST(apps::weight_images(weight, 2, 3, 1).size() == 1U);
  BOOST_TEST(apps::weight_images(weight, 2, 2, 64).empty());
  BOOST_TEST(apps::weight_images(weight, 0, 0, 64).empty());
  BOOST_TEST(apps::weight_images(cr::zeros({6}), 2, 3, 64).empty());
}

BOOST_AUTO_TEST_CASE(command_line_is_quoted_for_a_shell) {
  const char* arguments[] = {"./mnist_train", "--layers", "128,64", "--data=my data", "", "it's", "$HOME", "a;b"};
  BOOST_TEST(apps::command_line(8, arguments) == "./mnist_train --layers 128,64 '--data=my data' '' 'it'\\''s' '$HOME' 'a;b'");
}

BOOST_AUTO_TEST_SUITE_END()
