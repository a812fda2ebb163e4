// Trains a small network, built as a graph of layers, on a truth table and prints its outputs.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/common/cli.h"
#include "apps/common/interrupt.h"
#include "apps/common/logging.h"
#include "apps/common/progress_bar.h"
#include "autograd/base/printable.h"
#include "nn/nn.h"

namespace chainrule::apps {
namespace {

// The outputs for 00, 01, 10 and 11.
const std::map<std::string, std::array<int, 4>> kFunctions = {{"and", {0, 0, 0, 1}}, {"nand", {1, 1, 1, 0}}, {"nor", {1, 0, 0, 0}},
                                                              {"or", {0, 1, 1, 1}},  {"xnor", {1, 0, 0, 1}}, {"xor", {0, 1, 1, 0}}};

struct Options {
  std::string function = "xor";
  std::vector<std::int64_t> layers;
  std::string initializer = "xavier_normal";
  std::string optimizer = "adam";
  double learning_rate = 0.01;
  std::int64_t batch = 4;
  std::int64_t epochs = 1000;
  std::uint64_t seed = 1;
  std::string log_level = "info";
};

class Watch : public nn::Callback {
 public:
  explicit Watch(ProgressBar& bar) : bar_(&bar) {}
  void on_epoch_end(nn::Training& training) override {
    if (interrupted()) training.stop("interrupted");
    if (!bar_->due()) return;
    bar_->draw(fmt::format("epoch {}/{}", training.epoch(), training.epochs()),
               static_cast<double>(training.epoch()) / static_cast<double>(training.epochs()),
               fmt::format("loss {:.6f}", training.step_loss()));
  }

 private:
  ProgressBar* bar_;
};

int run(const Options& options) {
  const std::array<int, 4>& wanted = kFunctions.at(options.function);
  Tensor inputs = zeros({4, 2}), outputs = zeros({4, 1});
  for (std::size_t row = 0; row < 4; ++row) {
    inputs.mutable_data<float>()[2 * row] = static_cast<float>(row / 2);
    inputs.mutable_data<float>()[2 * row + 1] = static_cast<float>(row % 2);
    outputs.mutable_data<float>()[row] = static_cast<float>(wanted[row]);
  }

  Generator generator(options.seed);
  const auto dense = [&](std::int64_t units, const std::string& activation) {
    return nn::Dense(units, {.initializer = initializer_of(options.initializer), .generator = &generator, .activation = activation});
  };
  const nn::Symbol pair = nn::input({2}, {.name = "pair"});
  nn::Symbol h = pair;
  for (std::size_t i = 0; i < options.layers.size(); ++i) h = dense(options.layers[i], i == 0 ? "tanh" : "relu")(h);
  nn::Model model(pair, dense(1, "sigmoid")(h));
  spdlog::info("{}", model.summary());

  watch_for_interrupt();
  ProgressBar bar(spdlog::should_log(spdlog::level::info));
  model.compile({.loss = "mse", .optimizer = nn::OptimizerFactory(options.optimizer, {.learning_rate = options.learning_rate})});
  const nn::History history =
      model.fit(nn::Dataset(inputs, outputs),
                {.epochs = options.epochs, .batch_size = options.batch, .generator = &generator, .callbacks = {Watch(bar)}});
  bar.clear();

  const Tensor given = model.predict(inputs);
  int right = 0;
  for (std::size_t row = 0; row < 4; ++row) {
    const float value = given.data<float>()[row];
    right += std::abs(value - static_cast<float>(wanted[row])) < 0.5F ? 1 : 0;
    fmt::print("{} {} {}: {:.4f}, expected {}\n", row / 2, options.function, row % 2, detail::unsigned_nan(value), wanted[row]);
  }
  fmt::print("{} of 4 correct after {} epoch{}, loss {:.6f}\n", right, history.epochs.size(), history.epochs.size() == 1 ? "" : "s",
             history["loss"].back());
  if (interrupted()) return kInterruptedExit;
  return right == 4 ? 0 : 1;
}

std::optional<int> parse(int argc, const char* const* argv, Options& options) {
  CLI::App app(
      "Train a network on the truth table of a function of two bits. The first hidden layer uses tanh, the others relu, and the output "
      "layer sigmoid; "
      "the loss is the mean squared error.",
      "xor");
  std::vector<std::string> names;
  for (const auto& [name, table] : kFunctions) names.push_back(name);
  app.add_option("--function", options.function, "Function to learn: and, nand, nor, or, xnor or xor")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember(names).description(""));
  std::string layers = "32,16,8,4";
  add_hidden_layers(app, layers);
  add_initializer(app, options.initializer);
  add_optimizer(app, options.optimizer);
  app.add_option("--learning-rate", options.learning_rate, "Learning rate")
      ->type_name("RATE")
      ->capture_default_str()
      ->check(number_from(0));
  app.add_option("--batch", options.batch, "Rows per step")->type_name("COUNT")->capture_default_str()->check(whole_number(1, 4));
  add_count(app, "--epochs", options.epochs, "Passes over the four rows");
  add_seed(app, options.seed, "Seed of the initial weights and the order of the rows");
  add_log_level(app, options.log_level);
  const std::optional<int> exit_code = parse_command_line(app, argc, argv);
  if (!exit_code) options.layers = *parse_layers(layers);
  return exit_code;
}

}  // namespace
}  // namespace chainrule::apps

int main(int argc, char** argv) {
  using namespace chainrule::apps;
  try {
    Options options;
    if (const std::optional<int> exit_code = parse(argc, argv, options)) return *exit_code;
    set_up_logging("xor", options.log_level);
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "xor: {}\n", error.what());
  }
  return 1;
}
