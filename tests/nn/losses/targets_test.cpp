// What losses refuse to compare.
#include "nn/losses/targets.h"

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
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(targets)

BOOST_AUTO_TEST_CASE(nothing_broadcasts) {
  const cr::Tensor column = cr::zeros({4, 1}), row = cr::zeros({4});
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([&] { nn::mse_loss(column, row); }) ==
             "mse_loss: prediction has shape [4, 1] and target [4], expected the same shape: use target.reshape({4, 1})" + at_line());
  BOOST_TEST(message([&] { nn::mse_loss(row, column); }) ==
             "mse_loss: prediction has shape [4] and target [4, 1], expected the same shape: use target.reshape({4})" + at_line());
  BOOST_TEST(message([&] {
               nn::mse_loss(cr::zeros({4, 3}), row);
             }) == "mse_loss: prediction has shape [4, 3] and target [4], expected the same shape" + at_line());
  BOOST_TEST(
      message([&] { nn::binary_cross_entropy_with_logits(column, row); }) ==
      "binary_cross_entropy_with_logits: logits has shape [4, 1] and target [4], expected the same shape: use target.reshape({4, 1})" +
          at_line());
  BOOST_TEST(message([&] {
               nn::cross_entropy(cr::zeros({4, 3}), cr::zeros({4, 1}));
             }) == "cross_entropy: logits has shape [4, 3] and target [4, 1], expected the same shape" + at_line());
  BOOST_TEST(message([&] {
               nn::cross_entropy(cr::zeros({4, 3}), cr::zeros({4, 1}, cr::DType::int64));
             }) == "cross_entropy: labels have shape [4, 1], expected [4] for logits of shape [4, 3]: use labels.reshape({4})" + at_line());
}

BOOST_AUTO_TEST_CASE(labels_are_checked) {
  const cr::Tensor x = cr::zeros({2, 10});
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  const auto of = [](std::vector<std::int64_t> values) { return cr::from_vector(values); };
  BOOST_TEST(message([&] {
               nn::cross_entropy(x, of({3, 10}));
             }) == "cross_entropy: label 10 at position 1 is outside 0 to 9 for logits of shape [2, 10]" + at_line());
  BOOST_TEST(message([&] {
               nn::nll_loss(x, of({-1, 2}));
             }) == "nll_loss: label -1 at position 0 is outside 0 to 9 for log_probabilities of shape [2, 10]" + at_line());
  BOOST_TEST(message([&] {
               nn::cross_entropy(x, of({1, 2, 3}));
             }) == "cross_entropy: labels have shape [3], expected [2] for logits of shape [2, 10]" + at_line());
  BOOST_TEST(message([&] { nn::cross_entropy(cr::zeros({10}), of({1})); }) ==
             "cross_entropy: logits has shape [10], expected [n, classes]" + at_line());
  BOOST_TEST(message([&] { nn::nll_loss(x, cr::zeros({2})); }) == "nll_loss: labels are float32, expected int64" + at_line());
}

BOOST_AUTO_TEST_CASE(int64_targets_are_refused_with_what_to_do) {
  const auto message = [](auto f) {
    const std::string whole = message_of<std::invalid_argument>(f);
    return whole.substr(0, whole.find(" (at targets_test.cpp:"));
  };
  const auto whole = [](const cr::Shape& shape) { return cr::zeros(shape, cr::DType::int64); };
  const std::string otherwise = "for labels of classes a function that takes them, such as cross_entropy or accuracy";
  BOOST_TEST(message([&] {
               nn::mse_loss(cr::zeros({4, 1}), whole({4, 1}));
             }) ==
             "mse_loss: target is int64 [4, 1], expected float32 [4, 1] like prediction: use target.to(cr::float32), or " + otherwise);
  BOOST_TEST(message([&] {
               nn::binary_cross_entropy_with_logits(cr::zeros({4, 1}), whole({4}));
             }) ==
             "binary_cross_entropy_with_logits: target is int64 [4], expected float32 [4, 1] like logits: use "
             "target.to(cr::float32).reshape({4, 1}), or " +
                 otherwise);
  BOOST_TEST(message([&] {
               nn::binary_cross_entropy(cr::full({4}, 0.5, cr::DType::float64), whole({4, 1}));
             }) ==
             "binary_cross_entropy: target is int64 [4, 1], expected float64 [4] like probabilities: use "
             "target.to(cr::float64).reshape({4}), or " +
                 otherwise);
  BOOST_TEST(message([&] {
               nn::mse_loss(cr::zeros({4, 10}), whole({4}));
             }) == "mse_loss: target is int64 [4], expected float32 [4, 10] like prediction: " + otherwise);
}

BOOST_AUTO_TEST_CASE(dtypes_and_undefined_tensors_are_refused) {
  const cr::Tensor x = cr::zeros({2, 3});
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  BOOST_TEST(message([&] {
               nn::mse_loss(x, cr::zeros({2, 3}, cr::DType::float64));
             }) == "mse_loss: prediction is float32 and target float64, expected the same dtype: convert one with to()" + at_line());
  BOOST_TEST(message([&] { nn::mse_loss(cr::zeros({2}, cr::DType::int64), cr::zeros({2}, cr::DType::int64)); }) ==
             "mse_loss: prediction is int64, expected float32 or float64" + at_line());
  BOOST_TEST(message([&] { nn::mse_loss(cr::Tensor(), x); }) == "mse_loss: undefined tensor for prediction" + at_line());
  BOOST_TEST(message([&] { nn::mse_loss(x, cr::Tensor()); }) == "mse_loss: undefined tensor for target" + at_line());
  BOOST_TEST(message([&] { nn::cross_entropy(cr::Tensor(), labels()); }) == "cross_entropy: undefined tensor for logits" + at_line());
  BOOST_TEST(message([&] { nn::cross_entropy(x, cr::Tensor()); }) == "cross_entropy: undefined tensor for labels" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
