#include "nn/metrics.h"

#include <boost/test/unit_test.hpp>

#include "tests/autograd/throws.h"
#include "tests/nn/numbers.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(accuracy_counts_the_first_of_equal_scores) {
  const cr::Tensor scores = cr::tensor({{1, 2, 3}, {5, 5, 0}, {0, -1, -2}, {0.1, 0.3, 0.2}});
  BOOST_TEST(nn::accuracy(scores, cr::from_vector(std::vector<std::int64_t>{2, 0, 1, 1})) == 0.75);
  BOOST_TEST(nn::accuracy(scores, cr::from_vector(std::vector<std::int64_t>{2, 1, 1, 1})) == 0.5);
  BOOST_TEST(std::isnan(nn::accuracy(cr::zeros({0, 3}), cr::from_vector(std::vector<std::int64_t>{}))));
}

BOOST_AUTO_TEST_CASE(confusion_matrix_has_a_row_for_each_label) {
  const cr::Tensor scores = cr::tensor({{1, 2, 3}, {5, 5, 0}, {0, -1, -2}, {0.1, 0.3, 0.2}, {9, 1, 1}}, cr::DType::float64);
  const cr::Tensor counts = nn::confusion_matrix(scores, cr::from_vector(std::vector<std::int64_t>{2, 0, 1, 1, 1}));
  BOOST_TEST(counts.shape() == (cr::Shape{3, 3}));
  BOOST_TEST(counts.dtype() == cr::DType::int64);
  BOOST_TEST(counts.to_vector<int>() == (std::vector<int>{1, 0, 0, 2, 1, 0, 0, 0, 1}));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const cr::Tensor scores = cr::zeros({2, 3});
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::accuracy(scores, cr::from_vector(std::vector<std::int64_t>{0, 3}));
             }) == "accuracy: label 3 at position 1 is outside 0 to 2 for scores of shape [2, 3]" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::confusion_matrix(scores, cr::zeros({2})); }) ==
             "confusion_matrix: labels are float32, expected int64" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
