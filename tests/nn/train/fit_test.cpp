// fit(), evaluate() and predict().
// Covers nn/train/trainer.cpp.
#include "nn/train/fit.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
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
using cr::test::line_data;
using cr::test::message_of;
using cr::test::Numbers;
using cr::test::points;
using cr::test::Recorder;
using cr::test::small_network;
using cr::test::weights_of;

namespace {

std::string without_line(const std::string& message) { return message.substr(0, message.find(" (at fit_test.cpp:")); }

void check_weights_close(const nn::Module& a, const nn::Module& b, double tolerance) {
  const std::vector<nn::NamedTensor> left = a.state(), right = b.state();
  BOOST_REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) check_close(left[i].tensor, right[i].tensor.to_vector<double>(), tolerance);
}

struct TwoTowers : nn::MultiModule {
  nn::Dense left{2, 4}, right{2, 4}, a{4, 2}, b{4, 1};
  TwoTowers() : MultiModule(2, 2) {}
  std::vector<cr::Tensor> forward_many(const std::vector<cr::Tensor>& x) const override {
    const cr::Tensor h = cr::tanh(left(x[0]) + right(x[1]));
    return {a(h), b(h)};
  }
  void members(nn::Members& visit) override {
    visit("left", left);
    visit("right", right);
    visit("a", a);
    visit("b", b);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(fit)

BOOST_AUTO_TEST_CASE(learns_and_tells_how) {
  nn::Sequential model = small_network();
  const nn::Dataset data = points(400);
  cr::Generator order(2);
  const nn::History history = nn::fit(model, data,
                                      {.loss = "cross_entropy",
                                       .optimizer = nn::adam({.learning_rate = 0.02}),
                                       .metrics = {"accuracy"},
                                       .epochs = 30,
                                       .batch_size = 16,
                                       .generator = &order,
                                       .validation_split = 0.25});
  BOOST_TEST(history.epochs.size() == 30u);
  BOOST_TEST((history.ending == nn::Ending::finished));
  BOOST_TEST(history.reason.empty());
  BOOST_TEST(!history.best_epoch.has_value());
  BOOST_TEST(history["accuracy"].back() > 0.95);
  BOOST_TEST(history["val_accuracy"].back() > 0.9);
  BOOST_TEST(history["loss"].front() > 2 * history["loss"].back());
  BOOST_TEST(history["learning_rate"] == Numbers(30, 0.02), boost::test_tools::per_element());
  for (const double seconds : history["seconds"]) BOOST_TEST(seconds > 0);
  const nn::Metrics metrics = nn::evaluate(model, data.subset(300, 400), {.loss = "cross_entropy", .metrics = {"accuracy"}});
  BOOST_TEST(metrics["loss"] == history["val_loss"].back());
  BOOST_TEST(metrics["accuracy"] == history["val_accuracy"].back());
  BOOST_TEST(metrics.size() == 2u);
  BOOST_TEST(message_of<std::invalid_argument>([&] { metrics["f1"]; }) ==
             "Metrics: there is no \"f1\", recorded values: loss, accuracy" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { history["val_f1"]; }).find("History: there is no \"val_f1\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(is_the_loop_one_would_write) {
  const nn::Dataset data = points(50);
  nn::Sequential fitted = small_network(), by_hand = small_network();
  cr::Generator order(9), same_order(9);
  const nn::History history =
      nn::fit(fitted, data,
              {.loss = "cross_entropy", .optimizer = nn::sgd({.learning_rate = 0.1}), .epochs = 3, .batch_size = 8, .generator = &order});
  nn::SGD optimizer(by_hand.parameters(), {.learning_rate = 0.1});
  const nn::DataLoader loader(data, {.batch_size = 8, .shuffle = true, .generator = &same_order});
  double sum = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    sum = 0;
    for (const nn::Batch& batch : loader) {
      const cr::Tensor loss = nn::cross_entropy(by_hand(batch.inputs), batch.targets);
      sum += loss.item() * static_cast<double>(batch.inputs.size(0));
      optimizer.step(loss);
    }
  }
  BOOST_TEST(weights_of(fitted) == weights_of(by_hand));
  BOOST_TEST(history["loss"].back() == sum / 50);
}

BOOST_AUTO_TEST_CASE(gradients_of_four_batches_make_one_step) {
  const nn::Dataset data = points(150);  // the last step of an epoch is one of 22: 16 and 6
  nn::Sequential whole = small_network(), parts = small_network(), other = small_network();
  whole.to(cr::DType::float64);
  parts.to(cr::DType::float64);
  other.to(cr::DType::float64);
  const nn::Batch all = data.batch(0, data.size());
  const nn::Dataset wide(all.inputs.to(cr::DType::float64), all.targets);
  const auto train = [&](nn::Sequential& model, std::int64_t batch_size, std::int64_t accumulate) {
    return nn::fit(model, wide,
                   {.loss = "cross_entropy",
                    .optimizer = nn::sgd({.learning_rate = 0.5, .momentum = 0.9}),
                    .epochs = 5,
                    .batch_size = batch_size,
                    .shuffle = false,
                    .accumulate = accumulate});
  };
  const nn::History of_whole = train(whole, 64, 1), of_parts = train(parts, 16, 4);
  train(other, 16, 1);
  check_weights_close(parts, whole, 1e-12);
  BOOST_TEST(std::abs(of_parts["loss"].back() - of_whole["loss"].back()) < 1e-12);
  BOOST_TEST(std::abs(weights_of(other)[0][0] - weights_of(whole)[0][0]) > 1e-3);
}

BOOST_AUTO_TEST_CASE(clipping_bounds_the_step) {
  const nn::Dataset data(cr::tensor({{1000, 1000}}), cr::tensor({{0}}));
  const auto step_length = [&](nn::FitOptions options) {
    nn::Sequential model{nn::Dense(2, 1, {.bias = false, .initializer = "ones"})};
    options.loss = "mse_loss";
    options.optimizer = nn::sgd({.learning_rate = 1});
    nn::fit(model, data, options);
    const Numbers weight = model.parameters()[0].to_vector<double>();
    return std::hypot(weight[0] - 1, weight[1] - 1);
  };
  BOOST_TEST(step_length({}) > 1e6);
  BOOST_TEST(std::abs(step_length({.clip_norm = 1}) - 1) < 1e-5);
  BOOST_TEST(std::abs(step_length({.clip_value = 0.5}) - std::sqrt(0.5)) < 1e-5);
}

BOOST_AUTO_TEST_CASE(class_weights_count) {
  const nn::Dataset data(cr::tensor({{1, 0}, {0, 1}, {1, 1}}), cr::from_vector(std::vector<std::int64_t>{0, 1, 1}));
  nn::Sequential weighted{nn::Dense(2, 2, {.initializer = "ones"})}, plain{nn::Dense(2, 2, {.initializer = "ones"})},
      by_hand{nn::Dense(2, 2, {.initializer = "ones"})};
  const nn::OptimizerFactory sgd = nn::sgd({.learning_rate = 0.3});
  nn::fit(weighted, data, {.loss = "cross_entropy", .optimizer = sgd, .class_weights = {5, 1}, .shuffle = false});
  nn::fit(plain, data, {.loss = "cross_entropy", .optimizer = sgd, .shuffle = false});
  nn::SGD optimizer(by_hand.parameters(), {.learning_rate = 0.3});
  const nn::Batch batch = data.batch(0, 3);
  optimizer.step(nn::cross_entropy(by_hand(batch.inputs), batch.targets, {.weight = cr::tensor({5, 1})}));
  BOOST_TEST(weights_of(weighted) == weights_of(by_hand));
  BOOST_TEST(weights_of(weighted) != weights_of(plain));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::fit(plain, data, {.loss = nn::mse_loss, .class_weights = {1, 2}});
             }).find("class_weights are not supported by the loss function, expected \"cross_entropy\" or \"nll_loss\"") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(full_batch_optimizers_see_all) {
  const nn::Dataset data = line_data(40);
  nn::Sequential iterative{nn::Dense(2, 1)}, newton{nn::Dense(2, 1)};
  const auto recorder = std::make_shared<Recorder>();
  nn::fit(iterative, data, {.loss = "mse_loss", .optimizer = "iterative", .epochs = 2, .callbacks = {recorder}});
  BOOST_TEST(std::ranges::count(recorder->events, "step") == 2);
  const nn::History history =
      nn::fit(newton, data, {.loss = nn::mse_loss, .optimizer = nn::lbfgs({.line_search = nn::LineSearch::strong_wolfe}), .epochs = 5});
  BOOST_TEST(history["loss"].back() < 1e-6);
  check_close(newton.parameters()[0], {3, -2}, 1e-3);
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::fit(newton, data, {.loss = "mse_loss", .optimizer = "lbfgs", .accumulate = 2});
             }).find("not for an optimizer that takes a closure") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_existing_optimizer_goes_on) {
  const nn::Dataset data = points(64);
  nn::Sequential twice = small_network(), once = small_network();
  nn::Adam optimizer({twice.parameters()[0], twice.parameters()[1]}, {.learning_rate = 0.01});
  optimizer.add_group({twice.parameters()[2]}, {.learning_rate = 0.1});
  nn::Adam same({once.parameters()[0], once.parameters()[1]}, {.learning_rate = 0.01});
  same.add_group({once.parameters()[2]}, {.learning_rate = 0.1});
  const Numbers unlisted = twice.parameters()[3].to_vector<double>();
  for (int i = 0; i < 2; ++i) nn::fit(twice, data, {.loss = "cross_entropy", .existing_optimizer = &optimizer, .shuffle = false});
  nn::fit(once, data, {.loss = "cross_entropy", .existing_optimizer = &same, .epochs = 2, .shuffle = false});
  BOOST_TEST(weights_of(twice) == weights_of(once));
  BOOST_TEST(twice.parameters()[3].to_vector<double>() == unlisted);
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::fit(twice, data, {.loss = "cross_entropy", .optimizer = "sgd", .existing_optimizer = &optimizer});
             }).find("got optimizer and existing_optimizer") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_optimizer_of_other_parameters_is_refused) {
  nn::Sequential model = small_network(), other = small_network();
  nn::SGD optimizer(other.parameters());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::fit(model, points(8), {.loss = "cross_entropy", .existing_optimizer = &optimizer});
             }).find("parameter 0 of the optimizer, of shape [2, 8], does not belong to Sequential") != std::string::npos);
  const nn::Symbol x = nn::input({2});
  nn::Model graph(x, nn::Layer(nn::Dense(2)).named("scores")(x));
  BOOST_TEST(graph.layers()[0].name == "scores");
  graph.compile({.loss = "cross_entropy"});
  graph.to(cr::DType::float64);
  BOOST_TEST(message_of<std::invalid_argument>([&] { graph.fit(points(8)); }).find("or before to()") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(gradients_of_what_the_optimizer_leaves_alone_do_not_grow) {
  nn::Sequential model = small_network();
  nn::SGD optimizer({model.parameters()[2]}, {.learning_rate = 0.01});
  nn::fit(model, points(64), {.loss = "cross_entropy", .existing_optimizer = &optimizer, .epochs = 1, .batch_size = 64, .shuffle = false});
  nn::Sequential same = small_network();
  const nn::Batch all = points(64).batch(0, 64);
  nn::cross_entropy(same(all.inputs), all.targets).backward();
  check_close(model.parameters()[0].grad(), same.parameters()[0].grad().to_vector<double>(), 1e-6);
  nn::SGD still({model.parameters()[2]}, {.learning_rate = 0});
  nn::fit(model, points(64), {.loss = "cross_entropy", .existing_optimizer = &still, .epochs = 5, .batch_size = 64, .shuffle = false});
  BOOST_TEST(cr::norm(model.parameters()[0].grad()).item() < 2 * cr::norm(same.parameters()[0].grad()).item());
}

BOOST_AUTO_TEST_CASE(frozen_parameters_stay) {
  nn::Sequential model = small_network();
  model.parameters()[0].set_requires_grad(false);
  const auto before = weights_of(model);
  nn::fit(model, points(64), {.loss = "cross_entropy"});
  const auto after = weights_of(model);
  BOOST_TEST(after[0] == before[0]);
  BOOST_TEST(after[2] != before[2]);
  for (const cr::Tensor& parameter : model.parameters()) cr::Tensor(parameter).set_requires_grad(false);
  BOOST_TEST(message_of<std::logic_error>([&] { nn::fit(model, points(64), {.loss = "cross_entropy"}); }) ==
             "fit: Sequential has nothing to train: no parameter requires grad" + at_line());
  nn::Sequential empty;
  BOOST_TEST(message_of<std::logic_error>([&] {
               nn::fit(empty, line_data(4), {.loss = "mse_loss"});
             }).find("no parameters; does its members()") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(open_sizes_are_inferred) {
  nn::Sequential model{nn::Flatten(), nn::Dense(4, {.activation = "relu"}), nn::Dense(2)};
  const nn::Dataset data(cr::randn({8, 2, 3}), cr::zeros({8}, cr::DType::int64));
  nn::fit(model, data, {.loss = "cross_entropy"});
  BOOST_TEST(model.parameter_count() == 6 * 4 + 4 + 4 * 2 + 2);
}

BOOST_AUTO_TEST_CASE(integers_go_in_where_a_layer_wants_them) {
  nn::Sequential model{nn::Embedding(5, 3), nn::Flatten(), nn::Dense(6, 2)};
  const nn::Dataset data(cr::randint(0, 5, {20, 2}), cr::randint(0, 2, {20}));
  const nn::History history = nn::fit(model, data, {.loss = "cross_entropy", .optimizer = nn::adam({.learning_rate = 0.1}), .epochs = 20});
  BOOST_TEST(history["loss"].back() < history["loss"].front());
}

BOOST_AUTO_TEST_CASE(modes_are_put_back) {
  nn::Sequential model{nn::Dense(2, 2), nn::Dropout(0.5)};
  std::vector<bool> training;
  nn::FitOptions options{.loss = "cross_entropy", .epochs = 1, .validation_split = 0.5};
  options.callbacks = {nn::EpochFunction([&](nn::Training& state) { training.push_back(state.module().is_training()); })};
  model.eval();
  nn::fit(model, points(8), options);
  BOOST_TEST(training.at(0));
  BOOST_TEST(!model.is_training());
  BOOST_TEST(!model[1]->is_training());
  model.train();
  model[1]->eval();  // on purpose: it stays
  nn::fit(model, points(8), options);
  BOOST_TEST(model.is_training());
  BOOST_TEST(!model[1]->is_training());
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_no_number_ends_it) {
  const auto explode = [](bool stop) {
    nn::Sequential model{nn::Dense(2, 1, {.initializer = "ones"})};
    nn::FitOptions options{.loss = "mse_loss", .optimizer = nn::sgd({.learning_rate = 1e12}), .epochs = 20, .stop_on_nan = stop};
    const nn::History history = nn::fit(model, line_data(64), options);
    const bool finite = cr::all(cr::isfinite(model.parameters()[0])).item() == 1;
    return std::pair(history, finite);
  };
  const auto [history, finite] = explode(true);
  BOOST_TEST((history.ending == nn::Ending::diverged));
  BOOST_TEST(history.epochs.size() < 20u);
  BOOST_TEST(history.reason.find("the loss became ") == 0u);
  BOOST_TEST(!std::isfinite(history["loss"].back()));
  BOOST_TEST(finite);
  const auto [whole, still_finite] = explode(false);
  BOOST_TEST(whole.epochs.size() == 20u);
  BOOST_TEST((whole.ending == nn::Ending::finished));
  BOOST_TEST(!still_finite);
}

BOOST_AUTO_TEST_CASE(lines_are_shown_every_so_often) {
  nn::Sequential model = small_network();
  std::ostringstream out;
  nn::fit(model, points(16), {.loss = "cross_entropy", .epochs = 7, .show_every = 3, .out = &out});
  std::vector<std::string> starts;
  std::istringstream lines(out.str());
  for (std::string line; std::getline(lines, line);) starts.push_back(line.substr(0, 10));
  BOOST_TEST(starts == (std::vector<std::string>{"epoch 1/7 ", "epoch 3/7 ", "epoch 6/7 ", "epoch 7/7 "}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(several_outputs_have_a_loss_each) {
  cr::Generator generator(6);
  const cr::Tensor x = cr::randn({60, 2}, generator), z = cr::randn({60, 2}, generator);
  const cr::Tensor labels = cr::randint(0, 2, {60}, generator), values = cr::randn({60, 1}, generator);
  const nn::Dataset data({x, z}, {labels, values});
  TwoTowers model, by_hand;
  by_hand.load_state(model.state());
  nn::FitOptions options{.loss = {"cross_entropy", "mse_loss"}, .loss_weights = {1, 0.25}, .optimizer = nn::sgd({.learning_rate = 0.1})};
  options.output_metrics = {{"accuracy"}, {"mae"}};
  options.epochs = 2;
  options.batch_size = 20;
  options.shuffle = false;
  const nn::History history = nn::fit(model, data, options);
  nn::SGD optimizer(by_hand.parameters(), {.learning_rate = 0.1});
  const nn::DataLoader loader(data, {.batch_size = 20});
  for (int epoch = 0; epoch < 2; ++epoch)
    for (const nn::Batch& batch : loader) {
      const std::vector<cr::Tensor> y = by_hand({batch.inputs, batch.more_inputs[0]});
      optimizer.step(nn::cross_entropy(y[0], batch.targets) + 0.25 * nn::mse_loss(y[1], batch.more_targets[0]));
    }
  BOOST_TEST(weights_of(model) == weights_of(by_hand));
  const nn::Metrics& last = history.epochs.back();
  BOOST_TEST(std::abs(last["loss"] - (last["output0_loss"] + 0.25 * last["output1_loss"])) < 1e-6);
  BOOST_TEST(last.contains("output0_accuracy"));
  BOOST_TEST(last.contains("output1_mae"));
  const std::vector<cr::Tensor> predicted = nn::predict(model, {x, z}, {.batch_size = 7});
  const std::vector<cr::Tensor> at_once = model({x, z});
  check_close(predicted[0], at_once[0].to_vector<double>(), 1e-6);
  BOOST_TEST(predicted[1].shape() == cr::Shape({60, 1}));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::fit(model, data, {.loss = "mse_loss"}); }) ==
             "fit: got 1 losses for 2 outputs, expected one each" + at_line());
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               nn::fit(model, points(8), {.loss = {"mse_loss", "mse_loss"}});
             }).find("the dataset has 1 inputs, but TwoTowers has 2 inputs") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(predictions_are_as_in_eval) {
  const nn::Sequential model{nn::Dense(2, 3), nn::Dropout(0.5)};
  const cr::Tensor x = cr::randn({10, 2});
  const cr::Tensor y = nn::predict(model, x, {.batch_size = 4});
  check_close(y, model[0](x).to_vector<double>(), 1e-6);
  BOOST_TEST(!y.requires_grad());
  BOOST_TEST(model.is_training());
  BOOST_TEST(nn::predict(model, cr::zeros({0, 2})).shape() == cr::Shape({0, 3}));
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::predict(model, x, {.batch_size = 0}); }) ==
             "predict: batch_size is 0, expected at least 1" + at_line());
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_said_before_training) {
  nn::Sequential model = small_network();
  const auto before = weights_of(model);
  const nn::Dataset data = points(20);
  const auto refusal = [&](const nn::Dataset& with, const nn::FitOptions& options) {
    return message_of<std::invalid_argument>([&] { nn::fit(model, with, options); });
  };
  const auto says = [&](const std::string& message, const std::string& words) {
    BOOST_TEST(message.find(words) != std::string::npos, message);
    BOOST_TEST(message.find("fit_test.cpp") != std::string::npos, message);
  };
  says(refusal(data, {}), "fit: got no loss to minimize");
  says(refusal(data, {.loss = "cross_entropy", .epochs = -1}), "epochs is -1, expected at least 0");
  says(refusal(data, {.loss = "cross_entropy", .batch_size = 0}), "batch_size is 0, expected at least 1");
  says(refusal(data, {.loss = "cross_entropy", .accumulate = 0}), "accumulate is 0");
  says(refusal(data, {.loss = "cross_entropy", .validation_split = 1}), "validation_split is 1, expected 0 or more and below 1");
  says(refusal(data, {.loss = "cross_entropy", .validation_split = 0.01}), "leaves none for the validation");
  says(refusal(data, {.loss = "cross_entropy", .clip_norm = 0}), "clip_norm is 0, expected above 0");
  says(refusal(data, {.loss = "cross_entropy", .metrics = {"accuracy", "accuracy"}}), "two metrics have the name accuracy");
  says(refusal(data, {.loss = "cross_entropy", .validation_split = 0.5, .validation_data = data}), "expected one of them");
  says(refusal(data, {.loss = "cross_entropy", .batch_size = 64, .drop_last = true}), "the 20 examples are fewer than one batch of 64");
  says(refusal(data, {.loss = "mse_loss"}), "mse_loss: ");
  says(refusal({cr::ones({4, 3}), cr::zeros({4}, cr::DType::int64)}, {.loss = "cross_entropy"}), "Dense 2 -> 8");
  says(refusal({cr::ones({2, 2}), cr::from_vector(std::vector<std::int64_t>{0, 2})}, {.loss = "cross_entropy"}),
       "targets hold labels up to 2, but Sequential returns 2 values per example, expected at least 3");
  says(refusal({cr::ones({0, 2}), cr::zeros({0}, cr::DType::int64)}, {.loss = "cross_entropy"}), "the dataset has no examples");
  says(refusal(data, {.loss = "cross_entropy", .validation_data = nn::Dataset(cr::ones({2, 2}), cr::ones({2, 3}))}), "cross_entropy: ");
  says(message_of<std::invalid_argument>([&] { nn::fit(model, data, {.loss = "crossentropy"}); }), "unknown loss \"crossentropy\"");
  says(message_of<std::invalid_argument>([&] { nn::fit(model, data, {.loss = "cross_entropy", .optimizer = "adamm"}); }),
       "unknown optimizer \"adamm\"");
  says(message_of<std::invalid_argument>([&] { nn::fit(model, data, {.loss = "cross_entropy", .metrics = {"acuracy"}}); }), "\"acuracy\"");
  BOOST_TEST(weights_of(model) == before);
}

BOOST_AUTO_TEST_CASE(validation_data_that_does_not_fit_is_named) {
  nn::Sequential model{nn::Dense(2, 3)};
  const nn::Dataset data = points(8);
  const auto refusal = [&](const nn::Dataset& validation) {
    return without_line(
        message_of<std::invalid_argument>([&] { nn::fit(model, data, {.loss = "cross_entropy", .validation_data = validation}); }));
  };
  const auto labels = [](std::vector<std::int64_t> values) { return cr::from_vector(values); };
  BOOST_TEST(refusal({cr::ones({2, 2}), labels({0, 3})}) ==
             "validation data: fit: targets hold labels up to 3, but Sequential returns 3 values per example, expected at least 4");
  BOOST_TEST(refusal({cr::ones({2, 4}), labels({0, 1})}).starts_with("validation data: Sequential.0 (Dense 2 -> 3): "));
  BOOST_TEST(refusal({cr::ones({2, 2}), cr::ones({2, 2})}).starts_with("validation data: cross_entropy: logits has shape [2, 3]"));
  BOOST_TEST(refusal({{cr::ones({2, 2}), cr::ones({2, 2})}, {labels({0, 1})}}) ==
             "validation data: fit: the dataset has 2 inputs, but Sequential has 1 inputs");
}

BOOST_AUTO_TEST_CASE(int64_labels_for_a_loss_of_numbers_are_explained) {
  nn::Sequential model{nn::Dense(2, 1)};
  const nn::Dataset data(cr::ones({4, 2}), cr::from_vector(std::vector<std::int64_t>{0, 1, 1, 0}));
  for (const nn::Loss& loss : {nn::Loss("binary_cross_entropy_with_logits"), nn::Loss("mse"), nn::Loss(nn::mse_loss)}) {
    const std::string message = message_of<std::invalid_argument>([&] { nn::fit(model, data, {.loss = loss}); });
    BOOST_TEST(message.find(": target is int64 [2], expected float32 [2, 1] like ") != std::string::npos, message);
  }
  nn::Sequential two{nn::Dense(2, 2)};
  for (const std::vector<std::int64_t>& labels : {std::vector<std::int64_t>{0, 1, 1, 2}, {2, 1, 1, 0}}) {
    const nn::Dataset more(cr::ones({4, 2}), cr::from_vector(labels));
    for (const nn::Loss& loss : {nn::Loss("cross_entropy"), nn::Loss(nn::cross_entropy), nn::Loss(nn::multi_margin_loss)})
      BOOST_TEST(without_line(message_of<std::invalid_argument>([&] { nn::fit(two, more, {.loss = loss}); })) ==
                 "fit: targets hold labels up to 2, but Sequential returns 2 values per example, expected at least 3");
  }
}

BOOST_AUTO_TEST_CASE(a_width_mismatch_names_both_layers_before_training) {
  nn::Sequential model{nn::Dense(2, 8), nn::ReLU(), nn::Dense(4, 2)};
  const std::vector<std::vector<double>> before = weights_of(model);
  const nn::FitOptions options{.loss = "cross_entropy"};
  const std::string wanted = "Sequential.2 (Dense 4 -> 2) after Dense 2 -> 8: Dense: an example has shape [8], expected [..., 4]";
  BOOST_TEST(message_of<std::invalid_argument>([&] { nn::fit(model, points(16), options); }) == wanted + at_line());
  BOOST_TEST(weights_of(model) == before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(fit_threads)

BOOST_AUTO_TEST_CASE(one_seed_gives_one_result) {
  const auto run = [](int threads) {
    cr::set_num_threads(threads);
    nn::Sequential model = small_network();
    cr::Generator order(4);
    nn::fit(model, points(3000),
            {.loss = "cross_entropy", .optimizer = "adam", .metrics = {"accuracy"}, .epochs = 2, .batch_size = 1000, .generator = &order});
    cr::set_num_threads(1);
    return weights_of(model);
  };
  const auto once = run(1);
  BOOST_TEST(run(1) == once);
  BOOST_TEST(run(2) == once);
  BOOST_TEST(run(3) == once);
}

BOOST_AUTO_TEST_CASE(a_shared_model_is_evaluated_by_many) {
  const nn::Sequential model{nn::Dense(2, 16), nn::BatchNorm(16), nn::Dropout(0.5), nn::Dense(16, 2)};
  const nn::Dataset data = points(100);
  const nn::Metrics expected = nn::evaluate(model, data, {.loss = "cross_entropy", .metrics = {"accuracy"}});
  std::vector<nn::Metrics> results(8);
  std::vector<std::thread> threads;
  for (nn::Metrics& result : results)
    threads.emplace_back(
        [&] { result = nn::evaluate(model, data, {.loss = "cross_entropy", .metrics = {"accuracy"}, .batch_size = 1024}); });
  for (std::thread& thread : threads) thread.join();
  for (const nn::Metrics& result : results) {
    BOOST_TEST(result["loss"] == expected["loss"]);
    BOOST_TEST(result["accuracy"] == expected["accuracy"]);
  }
}

BOOST_AUTO_TEST_SUITE_END()
