// The library's callbacks: early stopping, learning rates, averages, logs and checkpoints.
#include "nn/train/callbacks.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/nn.h"
#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"
#include "tests/nn/train/examples.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::Folder;
using cr::test::line_data;
using cr::test::message_of;
using cr::test::Numbers;
using cr::test::points;
using cr::test::small_network;
using cr::test::text_of;
using cr::test::weights_of;

BOOST_AUTO_TEST_SUITE(callbacks)

BOOST_AUTO_TEST_CASE(early_stopping_restores_the_best_weights) {
  // The validation data contradict the training data, so that validation is worse with every epoch but the first few.
  const nn::Dataset data = line_data(32);
  const nn::Batch all = data.batch(0, 32);
  const nn::Dataset contrary(all.inputs, (all.targets * 0.3).detach());
  cr::Generator generator(8);
  nn::Sequential model{nn::Dense(2, 1, {.initializer = "zeros", .generator = &generator})};
  const auto stopping = std::make_shared<nn::EarlyStopping>(nn::EarlyStoppingOptions{.patience = 3});
  std::vector<std::vector<std::vector<double>>> seen;
  nn::FitOptions options{.loss = "mse_loss", .optimizer = nn::sgd({.learning_rate = 0.05}), .epochs = 50, .batch_size = 32};
  options.validation_data = contrary;
  options.callbacks = {stopping, nn::EpochFunction([&](nn::Training& training) { seen.push_back(weights_of(training.module())); })};
  std::ostringstream out;
  options.out = &out;
  const nn::History history = nn::fit(model, data, options);
  const std::vector<double> losses = history["val_loss"];
  const auto best = std::ranges::min_element(losses) - losses.begin();
  BOOST_TEST(best > 0);
  BOOST_TEST(static_cast<std::ptrdiff_t>(losses.size()) == best + 1 + 3);
  BOOST_TEST(history.best_epoch.value() == best + 1);
  BOOST_TEST(stopping->best_epoch() == best + 1);
  BOOST_TEST(stopping->best() == losses[static_cast<std::size_t>(best)]);
  BOOST_TEST(weights_of(model) == seen[static_cast<std::size_t>(best)]);
  BOOST_TEST(weights_of(model) != seen.back());
  BOOST_TEST((history.ending == nn::Ending::stopped));
  BOOST_TEST(history.reason.find("val_loss has not improved on ") == 0u);
  BOOST_TEST(out.str().find("the weights are those of epoch " + std::to_string(best + 1)) != std::string::npos);

  // Also where all epochs run.
  nn::Sequential patient{nn::Dense(2, 1, {.initializer = "zeros"})};
  seen.clear();
  options.callbacks = {nn::EarlyStopping({.patience = 1000}),
                       nn::EpochFunction([&](nn::Training& training) { seen.push_back(weights_of(training.module())); })};
  const nn::History whole = nn::fit(patient, data, options);
  BOOST_TEST(whole.epochs.size() == 50u);
  BOOST_TEST((whole.ending == nn::Ending::finished));
  BOOST_TEST(weights_of(patient) == seen[static_cast<std::size_t>(whole.best_epoch.value() - 1)]);

  options.validation_data.reset();
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::fit(model, data, options);
             }).find("\"val_loss\" is not recorded, recorded values: loss") != std::string::npos);
  BOOST_TEST(message_of<std::invalid_argument>([] { nn::EarlyStopping({.patience = -1}); }) ==
             "EarlyStopping: patience is -1, expected at least 0" + at_line());
}

BOOST_AUTO_TEST_CASE(early_stopping_knows_which_way_is_better) {
  nn::Sequential model = small_network();
  nn::FitOptions options{.loss = "cross_entropy", .optimizer = nn::adam({.learning_rate = 0.05}), .metrics = {"accuracy"}, .epochs = 12};
  options.callbacks = {nn::EarlyStopping({.monitor = "accuracy", .patience = 100})};
  const nn::History history = nn::fit(model, points(200), options);
  const std::vector<double> accuracies = history["accuracy"];
  BOOST_TEST(history.best_epoch.value() == std::ranges::max_element(accuracies) - accuracies.begin() + 1);
  BOOST_TEST(history.best_epoch.value() > 1);
}

BOOST_AUTO_TEST_CASE(the_learning_rate_follows_a_schedule) {
  nn::Sequential model = small_network();
  nn::FitOptions options{.loss = "cross_entropy", .optimizer = "sgd", .epochs = 3, .batch_size = 10};
  std::vector<double> rates;
  struct Watch : nn::Callback {
    std::vector<double>* rates;
    explicit Watch(std::vector<double>* to) : rates(to) {}
    void on_step_end(nn::Training& training) override { rates->push_back(training.optimizer().learning_rate()); }
  };
  options.callbacks = {nn::LearningRateSchedule(nn::linear_schedule(0.6, 6)), Watch(&rates)};
  nn::fit(model, points(20), options);
  const Numbers expected{0.6, 0.5, 0.4, 0.3, 0.2, 0.1};
  BOOST_REQUIRE(rates.size() == expected.size());
  for (std::size_t i = 0; i < rates.size(); ++i) BOOST_TEST(std::abs(rates[i] - expected[i]) < 1e-12);
  rates.clear();
  options.callbacks = {nn::LearningRateSchedule(nn::step_schedule(0.6, 1, 0.5), nn::LearningRateSchedule::Per::epoch), Watch(&rates)};
  const nn::History history = nn::fit(model, points(20), options);
  BOOST_TEST(rates == (Numbers{0.6, 0.6, 0.3, 0.3, 0.15, 0.15}), boost::test_tools::per_element());
  BOOST_TEST(history["learning_rate"] == (Numbers{0.6, 0.3, 0.15}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_learning_rate_falls_on_a_plateau) {
  // A loss that does not depend on the weights' values gets no better.
  nn::Sequential model{nn::Dense(2, 1, {.initializer = "zeros"})};
  nn::Adam optimizer({model.parameters()[0]}, {.learning_rate = 0.5});
  optimizer.add_group({model.parameters()[1]}, {.learning_rate = 0.05});
  nn::FitOptions options{.loss = [](const cr::Tensor& y, const cr::Tensor&) { return cr::mean(0 * y) + 1; }, .epochs = 7};
  options.existing_optimizer = &optimizer;
  options.callbacks = {nn::ReduceOnPlateau({.monitor = "loss", .factor = 0.5, .patience = 1})};
  const nn::History history = nn::fit(model, line_data(8), options);
  BOOST_TEST(history["learning_rate"] == (Numbers{0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125}), boost::test_tools::per_element());
  BOOST_TEST(std::abs(optimizer.learning_rate(1) - 0.05 * optimizer.learning_rate(0) / 0.5) < 1e-12);
  nn::FitOptions constant = options;
  constant.callbacks.clear();
  BOOST_TEST(nn::fit(model, line_data(8), constant)["learning_rate"].back() == optimizer.learning_rate());
}

BOOST_AUTO_TEST_CASE(the_learning_rate_falls_on_a_plateau_below_zero) {
  const auto constant = [](const cr::Tensor& y, const cr::Tensor&) { return cr::mean(0 * y) - 1; };
  const nn::Metric score(
      "score", [](const cr::Tensor&, const cr::Tensor&) { return -1.0; }, nn::Better::larger);
  for (const char* monitor : {"loss", "score"}) {
    nn::Sequential model{nn::Dense(2, 1)};
    const nn::History history = nn::fit(model, line_data(8),
                                        {.loss = constant,
                                         .optimizer = nn::sgd({.learning_rate = 0.5}),
                                         .metrics = {score},
                                         .epochs = 7,
                                         .callbacks = {nn::ReduceOnPlateau({.monitor = monitor, .factor = 0.5, .patience = 1})}});
    BOOST_TEST(history["learning_rate"] == (Numbers{0.5, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(averages_are_validated_and_left) {
  const nn::Dataset data = line_data(64);
  nn::Sequential averaged{nn::Dense(2, 1, {.initializer = "zeros"})}, plain{nn::Dense(2, 1, {.initializer = "zeros"})},
      by_hand{nn::Dense(2, 1, {.initializer = "zeros"})};
  nn::FitOptions options{.loss = "mse_loss", .optimizer = nn::sgd({.learning_rate = 0.1}), .epochs = 3, .batch_size = 16, .shuffle = false};
  options.validation_data = data;
  nn::fit(plain, data, options);
  options.callbacks = {nn::AverageWeights({.decay = 0.8})};
  const nn::History history = nn::fit(averaged, data, options);
  nn::SGD optimizer(by_hand.parameters(), {.learning_rate = 0.1});
  nn::EMA ema(by_hand.parameters(), {.decay = 0.8});
  const nn::DataLoader loader(data, {.batch_size = 16});
  for (int epoch = 0; epoch < 3; ++epoch)
    for (const nn::Batch& batch : loader) {
      optimizer.step(nn::mse_loss(by_hand(batch.inputs), batch.targets));
      ema.update();
    }
  BOOST_TEST(weights_of(by_hand) == weights_of(plain));
  ema.apply();
  BOOST_TEST(weights_of(averaged) == weights_of(by_hand));
  BOOST_TEST(history["val_loss"].back() == nn::evaluate(by_hand, data, {.loss = "mse_loss"})["loss"]);
}

BOOST_AUTO_TEST_CASE(logs_and_checkpoints_are_written) {
  const Folder folder;
  nn::Sequential model = small_network();
  nn::FitOptions options{
      .loss = "cross_entropy", .metrics = {nn::Metric("accuracy").named("right, or not")}, .epochs = 3, .batch_size = 16};
  options.validation_split = 0.5;
  std::vector<std::vector<std::vector<double>>> seen;
  options.callbacks = {nn::CsvLog(folder.path / "log.csv"), nn::Checkpoint(folder.path / "epoch-{epoch}.safetensors"),
                       nn::Checkpoint(folder.path / "best.safetensors", {.monitor = "val_loss"}),
                       nn::EpochFunction([&](nn::Training& training) { seen.push_back(weights_of(training.module())); })};
  const nn::History history = nn::fit(model, points(64), options);
  const std::string csv = text_of(folder.path / "log.csv");
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  BOOST_TEST(line == "epoch,loss,\"right, or not\",val_loss,\"val_right, or not\",learning_rate,train_seconds,seconds");
  for (int epoch = 1; epoch <= 3; ++epoch) {
    std::getline(lines, line);
    double loss = 0;
    const std::string start = std::to_string(epoch) + ",";
    BOOST_REQUIRE(line.starts_with(start));
    std::from_chars(line.data() + start.size(), line.data() + line.size(), loss);
    BOOST_TEST(loss == history["loss"][static_cast<std::size_t>(epoch - 1)]);
    nn::Sequential loaded = small_network(77);
    nn::load(loaded, folder.path / ("epoch-" + std::to_string(epoch) + ".safetensors"));
    BOOST_TEST(weights_of(loaded) == seen[static_cast<std::size_t>(epoch - 1)]);
  }
  const std::vector<double> losses = history["val_loss"];
  nn::Sequential best = small_network(78);
  nn::load(best, folder.path / "best.safetensors");
  BOOST_TEST(weights_of(best) == seen[static_cast<std::size_t>(std::ranges::min_element(losses) - losses.begin())]);
  options.callbacks = {nn::CsvLog(folder.path / "nowhere" / "log.csv")};
  BOOST_CHECK_THROW(nn::fit(model, points(64), options), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
