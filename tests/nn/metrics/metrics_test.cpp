// Metrics of a whole pass: by hand, as defined by scikit-learn, and what does not fit.
// Covers nn/metrics/scoring.cpp.
#include "nn/metrics/metrics.h"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/metrics/metric_cases.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_number;
using cr::test::message_of;
using cr::test::metric_cases;
using cr::test::numbers_in;
using nlohmann::json;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr cr::DType kFloats[] = {cr::DType::float32, cr::DType::float64};

cr::Tensor labels_of(std::vector<std::int64_t> labels) { return cr::from_vector(labels); }

using Score = double (*)(const cr::TensorArg&, const cr::Tensor&, const nn::ClassScoreOptions&);

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(accuracy_counts_the_first_of_equal_scores) {
  const cr::Tensor scores = cr::tensor({{1, 2, 3}, {5, 5, 0}, {0, -1, -2}, {0.1, 0.3, 0.2}});
  BOOST_TEST(nn::accuracy(scores, cr::from_vector(std::vector<std::int64_t>{2, 0, 1, 1})) == 0.75);
  BOOST_TEST(nn::accuracy(scores, cr::from_vector(std::vector<std::int64_t>{2, 1, 1, 1})) == 0.5);
  BOOST_TEST(std::isnan(nn::accuracy(cr::zeros({0, 3}), cr::from_vector(std::vector<std::int64_t>{}))));
}

BOOST_AUTO_TEST_CASE(accuracy_takes_one_hot_and_probabilities) {
  const cr::Tensor scores = cr::tensor({{1, 2, 3}, {5, 5, 0}, {0, -1, -2}, {0.1, 0.3, 0.2}});
  BOOST_TEST(nn::accuracy(scores, cr::tensor({{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {0, 1, 0}})) == 0.75);
  BOOST_TEST(nn::accuracy(scores, cr::tensor({{0.3, 0.3, 0.4}, {0.4, 0.4, 0.2}, {0.2, 0.8, 0}, {0.5, 0.25, 0.25}})) == 0.5);
  BOOST_TEST(std::isnan(nn::accuracy(cr::zeros({0, 3}), cr::zeros({0, 3}))));
}

BOOST_AUTO_TEST_CASE(confusion_matrix_has_a_row_for_each_label) {
  const cr::Tensor scores = cr::tensor({{1, 2, 3}, {5, 5, 0}, {0, -1, -2}, {0.1, 0.3, 0.2}, {9, 1, 1}}, cr::DType::float64);
  const cr::Tensor counts = nn::confusion_matrix(scores, cr::from_vector(std::vector<std::int64_t>{2, 0, 1, 1, 1}));
  BOOST_TEST(counts.shape() == (cr::Shape{3, 3}));
  BOOST_TEST(counts.dtype() == cr::DType::int64);
  BOOST_TEST(counts.to_vector<int>() == (std::vector<int>{1, 0, 0, 2, 1, 0, 0, 0, 1}));
}

BOOST_AUTO_TEST_CASE(binary_accuracy_compares_with_a_threshold) {
  for (const cr::DType dtype : kFloats) {
    const cr::Tensor scores = cr::tensor({0.5, 0.75, 0.25, -3.0}, dtype), targets = cr::tensor({1, 1, 1, 0}, dtype);
    BOOST_TEST(nn::binary_accuracy(scores, targets) == 0.5);  // 0.5 is not above 0.5
    BOOST_TEST(nn::binary_accuracy(scores, targets, 0) == 1);
    BOOST_TEST(nn::binary_accuracy(scores, targets, 0.6) == 0.5);
    BOOST_TEST(nn::binary_accuracy(scores.reshape({4, 1}), targets.reshape({4, 1}), 0) == 1);
    BOOST_TEST(nn::binary_accuracy(scores.reshape({2, 2}), targets.reshape({2, 2}), 0.7) == 0.5);
    BOOST_TEST(nn::binary_accuracy(cr::tensor({kNaN, kNaN, kNaN}, dtype), cr::tensor({0, 0, 1}, dtype)) == 2.0 / 3);
  }
  BOOST_TEST(std::isnan(nn::binary_accuracy(cr::zeros({0, 1}), cr::zeros({0, 1}))));
  // The threshold is a double, also beside float32.
  BOOST_TEST(nn::binary_accuracy(cr::tensor({0.1}), cr::tensor({1}), 0.1) == 1);
  BOOST_TEST(nn::binary_accuracy(cr::tensor({0.1}, cr::DType::float64), cr::tensor({1}, cr::DType::float64), 0.1) == 0);
}

BOOST_AUTO_TEST_CASE(top_k_takes_the_first_of_equal_scores) {
  const cr::Tensor scores = cr::tensor({{1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {3, 1, 2}});
  const cr::Tensor labels = labels_of({0, 1, 2, 1});
  BOOST_TEST(nn::top_k_accuracy(scores, labels, 1) == 0.25);
  BOOST_TEST(nn::top_k_accuracy(scores, labels, 2) == 0.5);
  BOOST_TEST(nn::top_k_accuracy(scores, labels, 3) == 1);
  BOOST_TEST(nn::top_k_accuracy(scores, labels, 100) == 1);
  BOOST_TEST(nn::top_k_accuracy(scores, cr::one_hot(labels, 3), 2) == 0.5);
  BOOST_TEST(std::isnan(nn::top_k_accuracy(cr::zeros({0, 3}), labels_of({}), 2)));
}

BOOST_AUTO_TEST_CASE(class_scores_by_hand) {
  // Label 0: predicted 0, 0, 1. Label 1: predicted 1. Label 2: predicted 0. Class 3 does not occur.
  const cr::Tensor scores = cr::one_hot(labels_of({0, 0, 1, 1, 0}), 4), labels = labels_of({0, 0, 0, 1, 2});
  const nn::ClassScores of = nn::class_scores(scores, labels);
  BOOST_TEST(of.precision == (std::vector<double>{2.0 / 3, 0.5, 0, 0}));
  BOOST_TEST(of.recall == (std::vector<double>{2.0 / 3, 1, 0, 0}));
  BOOST_TEST(of.f1 == (std::vector<double>{2.0 / 3, 2.0 / 3, 0, 0}));
  BOOST_TEST(of.support == (std::vector<std::int64_t>{3, 1, 1, 0}));
  check_number(nn::precision_score(scores, labels), (2.0 / 3 + 0.5) / 3, "macro");
  check_number(nn::recall_score(scores, labels), (2.0 / 3 + 1) / 3, "macro");
  check_number(nn::f1_score(scores, labels), (4.0 / 3) / 3, "macro");
  check_number(nn::precision_score(scores, labels, {.average = nn::Average::weighted}), (3 * 2.0 / 3 + 0.5) / 5, "weighted");
  check_number(nn::recall_score(scores, labels, {.average = nn::Average::micro}), 0.6, "micro");
}

BOOST_AUTO_TEST_CASE(class_scores_of_one_score_for_two_classes) {
  for (const cr::Shape& shape : {cr::Shape{5}, cr::Shape{5, 1}}) {
    const cr::Tensor scores = cr::tensor({0.9, 0.6, 0.5, 0.1, kNaN}).reshape(shape), targets = cr::tensor({1, 0, 1, 0, 1}).reshape(shape);
    BOOST_TEST(nn::precision_score(scores, targets, {.average = nn::Average::binary}) == 0.5);
    BOOST_TEST(nn::recall_score(scores, targets, {.average = nn::Average::binary}) == 1.0 / 3);
    check_number(nn::f1_score(scores, targets, {.average = nn::Average::binary}), 0.4, "binary");
    BOOST_TEST(nn::recall_score(scores, targets, {.average = nn::Average::binary, .threshold = 0}) == 2.0 / 3);
    check_number(nn::recall_score(scores, targets), (1.0 / 3 + 0.5) / 2, "macro");
    BOOST_TEST(nn::class_scores(scores, targets, 0).recall == (std::vector<double>{0, 2.0 / 3}));
  }
}

BOOST_AUTO_TEST_CASE(nothing_to_score_is_nan) {
  const cr::Tensor scores = cr::zeros({0, 2});
  for (const Score score : {Score(nn::precision_score), Score(nn::recall_score), Score(nn::f1_score)})
    for (const nn::Average average : {nn::Average::macro, nn::Average::micro, nn::Average::weighted, nn::Average::binary})
      BOOST_TEST(std::isnan(score(scores, labels_of({}), {.average = average})));
  BOOST_TEST(nn::class_scores(scores, labels_of({})).f1 == (std::vector<double>{0, 0}));
  for (const cr::Shape& shape : {cr::Shape{0}, cr::Shape{0, 3}, cr::Shape{3, 0}}) {
    BOOST_TEST(std::isnan(nn::mean_squared_error(cr::zeros(shape), cr::zeros(shape))));
    BOOST_TEST(std::isnan(nn::mean_absolute_error(cr::zeros(shape), cr::zeros(shape))));
    BOOST_TEST(std::isnan(nn::r2_score(cr::zeros(shape), cr::zeros(shape))));
  }
}

BOOST_AUTO_TEST_CASE(errors_by_hand) {
  const cr::Tensor prediction = cr::tensor({{1, 2}, {5, -1}}), target = cr::tensor({{1, 4}, {2, -1}});
  BOOST_TEST(nn::mean_squared_error(prediction, target) == 13.0 / 4);
  BOOST_TEST(nn::mean_absolute_error(prediction, target) == 5.0 / 4);
  check_number(nn::r2_score(prediction, target), ((1 - 9 / 0.5) + (1 - 4 / 12.5)) / 2, "r2");
  BOOST_TEST(nn::mean_squared_error(cr::tensor(3), cr::tensor(5)) == 4);
  BOOST_TEST(std::isnan(nn::mean_squared_error(cr::tensor({1, kNaN}), cr::tensor({1, 1}))));
  // What float32 cannot hold: the sum is in double.
  BOOST_TEST(nn::mean_squared_error(cr::full({3}, 1e30), cr::full({3}, -1e30)) > 3.9e60);
}

BOOST_AUTO_TEST_CASE(r2_of_equal_targets) {
  const auto r2 = [](const cr::Tensor& prediction) { return nn::r2_score(prediction, cr::full({3}, 0.1)); };
  BOOST_TEST(r2(cr::full({3}, 0.1)) == 1);
  BOOST_TEST(r2(cr::tensor({0.1, 0.1, 0.2})) == 0);
  BOOST_TEST(std::isnan(r2(cr::tensor({0.1, 0.1, kNaN}))));
  BOOST_TEST(std::isnan(nn::r2_score(cr::tensor({1}), cr::tensor({1}))));
}

// Numbers: tests/reference/metrics.py.
BOOST_AUTO_TEST_CASE(classification_as_defined_by_sklearn) {
  const std::map<std::string, Score> scores_of{{"precision", nn::precision_score}, {"recall", nn::recall_score}, {"f1", nn::f1_score}};
  const std::map<std::string, nn::Average> averages{
      {"macro", nn::Average::macro}, {"micro", nn::Average::micro}, {"weighted", nn::Average::weighted}, {"binary", nn::Average::binary}};
  for (const json& c : metric_cases("classification"))
    for (const cr::DType dtype : kFloats) {
      const std::string name = c.at("name");
      const cr::Tensor scores = numbers_in(c, "scores", dtype), labels = labels_of(c.at("labels"));
      check_number(nn::accuracy(scores, labels), c.at("accuracy"), name + ": accuracy");
      for (std::size_t k = 1; k <= c.at("top").size(); ++k)
        check_number(nn::top_k_accuracy(scores, labels, static_cast<std::int64_t>(k)), c.at("top")[k - 1],
                     name + ": top " + std::to_string(k));
      const nn::ClassScores of = nn::class_scores(scores, labels);
      BOOST_TEST(of.support == c.at("support").get<std::vector<std::int64_t>>());
      for (const auto& [which, score] : scores_of) {
        const json& wanted = c.at(which);
        const std::vector<double>& each = which == "f1" ? of.f1 : which == "recall" ? of.recall : of.precision;
        BOOST_REQUIRE(each.size() == wanted.at("classes").size());
        for (std::size_t i = 0; i < each.size(); ++i) check_number(each[i], wanted.at("classes")[i], name + ": " + which);
        for (const auto& [average, kind] : averages)
          if (wanted.contains(average))
            check_number(score(scores, labels, {.average = kind}), wanted.at(average), name + ": " + which + " " + average);
      }
      if (scores.size(1) < 2) continue;
      const cr::Tensor one_hot = cr::one_hot(labels, scores.size(1), dtype);
      check_number(nn::accuracy(scores, one_hot), c.at("accuracy"), name + ": accuracy of one_hot");
      check_number(nn::f1_score(scores, one_hot), c.at("f1").at("macro"), name + ": f1 of one_hot");
    }
}

BOOST_AUTO_TEST_CASE(regression_as_defined_by_sklearn) {
  for (const json& c : metric_cases("regression"))
    for (const cr::DType dtype : kFloats) {
      const std::string name = c.at("name");
      const cr::Tensor prediction = numbers_in(c, "prediction", dtype), target = numbers_in(c, "target", dtype);
      check_number(nn::mean_squared_error(prediction, target), c.at("mse"), name + ": mse");
      check_number(nn::mean_absolute_error(prediction, target), c.at("mae"), name + ": mae");
      check_number(nn::r2_score(prediction, target), c.at("r2").is_null() ? kNaN : c.at("r2").get<double>(), name + ": r2");
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded) {
  const cr::Tensor scores = cr::variable({{1, 2}, {3, 1}}) * 2, target = cr::tensor({{0, 1}, {0, 1}});
  const std::int64_t before = cr::graph_stats().nodes;
  nn::accuracy(scores, target);
  nn::binary_accuracy(scores, target);
  nn::top_k_accuracy(scores, target, 1);
  nn::f1_score(scores, target);
  nn::mean_squared_error(scores, target);
  nn::mean_absolute_error(scores, target);
  nn::r2_score(scores, target);
  BOOST_TEST(cr::graph_stats().nodes == before);
  BOOST_TEST(!nn::confusion_matrix(scores, target).requires_grad());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const auto refused = [](auto f) { return message_of<std::invalid_argument>(f); };
  const cr::Tensor scores = cr::zeros({2, 3});
  BOOST_TEST(refused([&] {
               nn::accuracy(scores, cr::from_vector(std::vector<std::int64_t>{0, 3}));
             }) == "accuracy: label 3 at position 1 is outside 0 to 2 for scores of shape [2, 3]" + at_line());
  BOOST_TEST(refused([&] { nn::confusion_matrix(scores, cr::zeros({2})); }) ==
             "confusion_matrix: labels are float32, expected int64" + at_line());
  BOOST_TEST(refused([&] {
               nn::accuracy(scores, cr::zeros({2, 2}));
             }) == "accuracy: scores has shape [2, 3] and target [2, 2], expected the same shape" + at_line());
  BOOST_TEST(refused([&] {
               nn::accuracy(scores, cr::zeros({2, 3}, cr::DType::float64));
             }) == "accuracy: scores is float32 and target float64, expected the same dtype: convert one with to()" + at_line());
  BOOST_TEST(refused([&] {
               nn::accuracy(cr::zeros({4, 1}), cr::zeros({4, 1}));
             }) == "accuracy: scores and target have shape [4, 1], expected at least two classes: use binary_accuracy" + at_line());
  BOOST_TEST(refused([&] { nn::accuracy(cr::Tensor(), cr::zeros({4, 1})); }) == "accuracy: undefined tensor for scores" + at_line());
  BOOST_TEST(refused([&] { nn::accuracy(scores, cr::Tensor()); }) == "accuracy: undefined tensor for labels" + at_line());
  BOOST_TEST(refused([&] {
               nn::accuracy(cr::zeros({0, 0}), labels_of({}));
             }) == "accuracy: scores has shape [0, 0], expected at least one class" + at_line());
  BOOST_TEST(refused([&] {
               nn::binary_accuracy(cr::zeros({2, 1}), cr::zeros({2}));
             }) ==
             "binary_accuracy: scores has shape [2, 1] and target [2], expected the same shape: use target.reshape({2, 1})" + at_line());
  BOOST_TEST(refused([&] {
               nn::binary_accuracy(cr::zeros({2}), cr::tensor({1, 0.5}));
             }) == "binary_accuracy: target 0.5 at position 1 is neither 0 nor 1" + at_line());
  BOOST_TEST(refused([&] {
               nn::top_k_accuracy(scores, labels_of({0, 1}), 0);
             }) == "top_k_accuracy: k is 0, expected 1 or more" + at_line());
  BOOST_TEST(refused([&] { nn::top_k_accuracy(scores, labels_of({0}), 1); }) ==
             "top_k_accuracy: labels have shape [1], expected [2] for scores of shape [2, 3]" + at_line());
  BOOST_TEST(refused([&] {
               nn::f1_score(scores, labels_of({0, 1}), {.average = nn::Average::binary});
             }) == "f1_score: scores has shape [2, 3], expected two classes for Average::binary" + at_line());
  BOOST_TEST(refused([&] {
               nn::recall_score(cr::zeros({2}), cr::tensor({0, 2}));
             }) == "recall_score: target 2 at position 1 is neither 0 nor 1" + at_line());
  BOOST_TEST(refused([&] {
               nn::precision_score(cr::zeros({2}), labels_of({0, 1}));
             }) == "precision_score: scores has shape [2], expected [n, classes]" + at_line());
  BOOST_TEST(refused([&] {
               nn::mean_squared_error(cr::zeros({2, 1}), cr::zeros({2}));
             }) == "mean_squared_error: prediction has shape [2, 1] and target [2], expected the same shape: use target.reshape({2, 1})" +
                       at_line());
  BOOST_TEST(refused([&] { nn::mean_absolute_error(labels_of({1}), labels_of({1})); }) ==
             "mean_absolute_error: prediction is int64, expected float32 or float64" + at_line());
  BOOST_TEST(refused([&] { nn::r2_score(cr::tensor(1), cr::tensor(1)); }) ==
             "r2_score: prediction has shape [], expected [n] or [n, ...]" + at_line());
}

BOOST_AUTO_TEST_SUITE_END()
