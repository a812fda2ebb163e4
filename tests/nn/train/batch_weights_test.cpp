// Losses that are weighted means, over class weights and ignored labels: values and gradients do not depend on how the examples are divided
// into batches. The expected numbers are computed here, without the library.
// Covers nn/train/trainer.cpp.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/layers/check_close.h"
#include "tests/nn/train/examples.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::check_close;
using cr::test::message_of;
using cr::test::Numbers;
using cr::test::weights_of;
using Labels = std::vector<std::int64_t>;

namespace {

constexpr std::int64_t kIgnored = -100;
const Labels kLabels = {0, 1, kIgnored, kIgnored, kIgnored, kIgnored, 1, 0, 1, 0};
const Labels kAllKnown = {0, 1, 1, 0, 0, 0, 1, 0, 1, 0};

// [10, 3], of small numbers without a pattern.
cr::Tensor inputs() {
  Numbers values;
  for (int i = 0; i < 30; ++i) values.push_back(((i * 7) % 11 - 5) / 4.0);
  return cr::from_vector(values, cr::Shape{10, 3});
}

nn::Dataset dataset(const Labels& labels) { return {inputs(), cr::from_vector(labels)}; }

// Dense 3 -> 2 of float64, without bias.
nn::Dense dense(const char* initializer) {
  cr::Generator generator(1);
  nn::Dense layer(3, 2, {.bias = false, .initializer = initializer, .generator = &generator});
  layer.to(cr::DType::float64);
  return layer;
}

double factor_of(std::int64_t label, const Numbers& class_weights) {
  if (label == kIgnored) return 0;
  return class_weights.empty() ? 1 : class_weights[static_cast<std::size_t>(label)];
}

// The cross entropy of logits [n, 2], computed in a loop over all examples.
double cross_entropy_of(const Numbers& logits, const Labels& labels, const Numbers& class_weights) {
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double factor = factor_of(labels[i], class_weights);
    if (factor == 0) continue;
    const double a = logits[2 * i], b = logits[2 * i + 1];
    sum += factor * (std::log(std::exp(a) + std::exp(b)) - (labels[i] == 0 ? a : b));
    weights += factor;
  }
  return sum / weights;
}

// The weights of dense("zeros") after a step of gradient descent on all examples. All probabilities are 1/2 before it.
Numbers weights_after_a_step(const Labels& labels, const Numbers& class_weights, double learning_rate) {
  const Numbers x = inputs().to_vector<double>();
  Numbers result(6);
  double weights = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) weights += factor_of(labels[i], class_weights);
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t k = 0; k < 3; ++k)
      for (std::int64_t c = 0; c < 2; ++c)
        result[k * 2 + static_cast<std::size_t>(c)] -=
            learning_rate * factor_of(labels[i], class_weights) / weights * (0.5 - (labels[i] == c ? 1 : 0)) * x[3 * i + k];
  return result;
}

// A module with two outputs, each a Dense.
struct TwoHeads : nn::MultiModule {
  nn::Dense a = dense("zeros"), b = dense("zeros");
  TwoHeads() : MultiModule(1, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override { return {a(x[0]), b(x[0])}; }
  void members(nn::Members& visit) override {
    visit("a", a);
    visit("b", b);
  }
};

struct StepLosses : nn::Callback {
  Numbers losses;
  void on_step_end(nn::Training& training) override { losses.push_back(training.step_loss()); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_weights)

BOOST_AUTO_TEST_CASE(evaluation_does_not_depend_on_the_batch_size) {
  const nn::Dense model = dense("he_uniform");
  const Numbers logits = model(inputs()).to_vector<double>();
  for (const Labels& labels : {kLabels, kAllKnown})
    for (const Numbers& class_weights : {Numbers{}, Numbers{1, 5}, Numbers{0, 2}})
      for (const std::int64_t batch_size : {1, 2, 3, 4, 10}) {
        const double wanted = cross_entropy_of(logits, labels, class_weights);
        BOOST_TEST_CONTEXT("batches of " << batch_size << ", " << class_weights.size() << " class weights") {
          const nn::Metrics got =
              nn::evaluate(model, dataset(labels), {.loss = "cross_entropy", .class_weights = class_weights, .batch_size = batch_size});
          BOOST_TEST(std::abs(got["loss"] - wanted) < 1e-12);
          const nn::Sequential logs{dense("he_uniform"), nn::LogSoftmax()};
          const nn::Metrics of_logs =
              nn::evaluate(logs, dataset(labels), {.loss = "nll_loss", .class_weights = class_weights, .batch_size = batch_size});
          BOOST_TEST(std::abs(of_logs["loss"] - wanted) < 1e-12);
          if (!class_weights.empty()) continue;
          const nn::Metrics by_function =
              nn::evaluate(model, dataset(labels), {.loss = nn::cross_entropy, .metrics = {"cross_entropy"}, .batch_size = batch_size});
          BOOST_TEST(std::abs(by_function["loss"] - wanted) < 1e-12);
          BOOST_TEST(std::abs(by_function["cross_entropy"] - wanted) < 1e-12);
        }
      }
}

BOOST_AUTO_TEST_CASE(a_custom_weighted_mean_names_its_weight) {
  const nn::Dense model = dense("he_uniform");
  const Numbers logits = model(inputs()).to_vector<double>();
  Labels ones_ignored = kAllKnown;
  std::ranges::replace(ones_ignored, 1, kIgnored);
  const nn::Loss zeros_only([](const cr::Tensor& x, const cr::Tensor& y) { return nn::cross_entropy(x, y, {.ignore_index = 1}); },
                            [](const cr::Tensor& y) { return cr::sum(cr::ne(y, 1)).item(); });
  for (const std::int64_t batch_size : {1, 3, 10}) {
    const double got = nn::evaluate(model, dataset(kAllKnown), {.loss = zeros_only, .batch_size = batch_size})["loss"];
    BOOST_TEST(std::abs(got - cross_entropy_of(logits, ones_ignored, {})) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(accumulated_batches_are_one_batch) {
  constexpr double kRate = 0.5;
  for (const Labels& labels : {kLabels, kAllKnown})
    for (const Numbers& class_weights : {Numbers{}, Numbers{1, 5}}) {
      Numbers after_three;
      for (const auto& [batch_size, accumulate] : {std::pair{10, 1}, {4, 3}, {3, 4}, {2, 5}, {1, 10}}) {
        BOOST_TEST_CONTEXT(accumulate << " batches of " << batch_size) {
          nn::FitOptions options{.loss = "cross_entropy",
                                 .optimizer = nn::sgd({.learning_rate = kRate}),
                                 .class_weights = class_weights,
                                 .batch_size = batch_size,
                                 .shuffle = false,
                                 .accumulate = accumulate};
          const auto steps = std::make_shared<StepLosses>();
          options.callbacks = {steps};
          nn::Dense model = dense("zeros");
          const nn::History history = nn::fit(model, dataset(labels), options);
          check_close(model.weight(), weights_after_a_step(labels, class_weights, kRate), 1e-14);
          BOOST_TEST(std::abs(history["loss"].back() - std::log(2)) < 1e-14);
          BOOST_TEST_REQUIRE(steps->losses.size() == 1u);
          BOOST_TEST(std::abs(steps->losses.front() - std::log(2)) < 1e-14);
          const double loss_before = cross_entropy_of(model(inputs()).to_vector<double>(), labels, class_weights);
          options.epochs = 2;
          BOOST_TEST(std::abs(nn::fit(model, dataset(labels), options)["loss"].front() - loss_before) < 1e-13);
          if (after_three.empty()) after_three = model.weight().to_vector<double>();
          check_close(model.weight(), after_three, 1e-13);
        }
      }
    }
}

BOOST_AUTO_TEST_CASE(a_step_of_ignored_labels_only_changes_nothing) {
  const Labels known_labels = {0, 1, 1, 0, 1, 0};
  const cr::Tensor x = inputs();
  const nn::Dataset known(cr::concat({cr::slice(x, 0, 0, 2), cr::slice(x, 0, 6, 10)}, 0), cr::from_vector(known_labels));
  for (const char* optimizer : {"adam", "momentum", "lbfgs"}) {
    BOOST_TEST_CONTEXT(optimizer) {
      const auto steps = std::make_shared<StepLosses>();
      nn::Dense model = dense("he_uniform"), wanted = dense("he_uniform");
      nn::FitOptions options{
          .loss = "cross_entropy", .optimizer = optimizer, .epochs = 3, .batch_size = 2, .shuffle = false, .clip_norm = 1};
      if (options.optimizer.name() == "lbfgs") options.clip_norm.reset();
      const nn::History expected = nn::fit(wanted, known, options);
      options.callbacks = {steps};
      const nn::History history = nn::fit(model, dataset(kLabels), options);
      BOOST_TEST((history.ending == nn::Ending::finished));
      BOOST_TEST(weights_of(model) == weights_of(wanted));
      BOOST_TEST(std::abs(history["loss"].back() - expected["loss"].back()) < 1e-14);
      BOOST_TEST_REQUIRE(steps->losses.size() == 15u);
      for (std::size_t i = 0; i < steps->losses.size(); ++i) BOOST_TEST(std::isnan(steps->losses[i]) == (i % 5 == 1 || i % 5 == 2));
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_learned_where_every_label_is_ignored) {
  nn::Dense model = dense("he_uniform");
  const auto before = weights_of(model);
  const nn::Dataset data = dataset(Labels(10, kIgnored));
  const nn::History history = nn::fit(model, data, {.loss = "cross_entropy", .epochs = 2, .batch_size = 4, .accumulate = 2});
  BOOST_TEST((history.ending == nn::Ending::finished));
  BOOST_TEST(history.epochs.size() == 2u);
  BOOST_TEST(std::isnan(history["loss"].back()));
  BOOST_TEST(weights_of(model) == before);
  BOOST_TEST(std::isnan(nn::evaluate(model, data, {.loss = "cross_entropy"})["loss"]));
}

BOOST_AUTO_TEST_CASE(each_output_has_its_own_weights) {
  constexpr double kRate = 0.5, kFactor = 0.25;
  Labels second = kAllKnown;
  second[0] = second[8] = second[9] = kIgnored;
  const nn::Dataset data({inputs()}, {cr::from_vector(kLabels), cr::from_vector(second)});
  for (const auto& [batch_size, accumulate] : {std::pair{10, 1}, {4, 3}, {3, 4}, {2, 5}, {1, 10}}) {
    BOOST_TEST_CONTEXT(accumulate << " batches of " << batch_size) {
      TwoHeads model;
      nn::FitOptions options{.loss = {"cross_entropy", "cross_entropy"},
                             .loss_weights = {1, kFactor},
                             .optimizer = nn::sgd({.learning_rate = kRate}),
                             .batch_size = batch_size,
                             .shuffle = false,
                             .accumulate = accumulate};
      const nn::History history = nn::fit(model, data, options);
      check_close(model.a.weight(), weights_after_a_step(kLabels, {}, kRate), 1e-14);
      check_close(model.b.weight(), weights_after_a_step(second, {}, kRate * kFactor), 1e-14);
      BOOST_TEST(std::abs(history["loss"].back() - (1 + kFactor) * std::log(2)) < 1e-14);
      BOOST_TEST(std::abs(history["output1_loss"].back() - std::log(2)) < 1e-14);
      const double a = cross_entropy_of(model.a(inputs()).to_vector<double>(), kLabels, {}),
                   b = cross_entropy_of(model.b(inputs()).to_vector<double>(), second, {});
      const nn::Metrics got =
          nn::evaluate(model, data, {.loss = {"cross_entropy", "cross_entropy"}, .loss_weights = {1, kFactor}, .batch_size = batch_size});
      BOOST_TEST(std::abs(got["loss"] - (a + kFactor * b)) < 1e-12);
      BOOST_TEST(std::abs(got["output0_loss"] - a) < 1e-12);
      BOOST_TEST(std::abs(got["output1_loss"] - b) < 1e-12);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_output_without_labels_leaves_the_others_alone) {
  const nn::Dataset data({inputs()}, {cr::from_vector(kAllKnown), cr::from_vector(Labels(10, kIgnored))});
  TwoHeads model;
  const nn::History history = nn::fit(
      model, data,
      {.loss = {"cross_entropy", "cross_entropy"}, .optimizer = nn::sgd({.learning_rate = 0.5}), .batch_size = 10, .shuffle = false});
  check_close(model.a.weight(), weights_after_a_step(kAllKnown, {}, 0.5), 1e-14);
  check_close(model.b.weight(), Numbers(6), 0);
  BOOST_TEST(std::abs(history["loss"].back() - std::log(2)) < 1e-14);
  BOOST_TEST(std::isnan(history["output1_loss"].back()));
}

BOOST_AUTO_TEST_CASE(validation_and_compiled_models_count_likewise) {
  // Validation takes 1024 examples at a time. The first of two batches has one known label, the second has 276.
  Labels labels(1300, kIgnored);
  labels[7] = 1;
  std::fill(labels.begin() + 1024, labels.end(), 0);
  Numbers values;
  for (int i = 0; i < 1300 * 3; ++i) values.push_back(((i * 7) % 11 - 5) / 4.0);
  const nn::Dataset validation(cr::from_vector(values, cr::Shape{1300, 3}), cr::from_vector(labels));
  const nn::Symbol x = nn::input({3}, {.dtype = cr::DType::float64});
  nn::Model model(x, nn::Layer(dense("he_uniform"))(x));
  model.compile({.loss = "cross_entropy", .optimizer = nn::sgd({.learning_rate = 0.1}), .class_weights = {1, 5}});
  const nn::History history = model.fit(dataset(kLabels), {.batch_size = 3, .validation_data = validation, .accumulate = 4});
  const cr::Tensor logits = model.predict(cr::from_vector(values, cr::Shape{1300, 3}));
  const double wanted = cross_entropy_of(logits.to_vector<double>(), labels, {1, 5});
  BOOST_TEST(std::abs(history["val_loss"].back() - wanted) < 1e-12);
  BOOST_TEST(std::abs(model.evaluate(validation, {.batch_size = 100})["loss"] - wanted) < 1e-12);
}

BOOST_AUTO_TEST_SUITE_END()
