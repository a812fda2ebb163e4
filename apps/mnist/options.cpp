#include "apps/mnist/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <stdexcept>

#include "apps/common/command_line.h"
#include "nn/activation.h"

namespace chainrule::apps {
namespace {

constexpr int kUsageExit = 2;
constexpr std::int64_t kMostUnits = 65536;
constexpr std::int64_t kMostWeights = std::int64_t{1} << 28;  // between hidden layers; Adam keeps 16 bytes for each
constexpr std::int64_t kMostThreads = 256;
constexpr std::int64_t kMost = 1'000'000'000;  // products of two counts then fit 64 bits
constexpr std::int64_t kMostBenchSteps = 10'000'000;

const std::map<std::string, double> kLearningRates = {{"adam", 1e-3}, {"sgd", 0.1}, {"momentum", 0.05}};

// "128,64"; empty for no hidden layers. An empty result stands for text that is no such list.
std::optional<std::vector<std::int64_t>> parse_layers(const std::string& text) {
  std::vector<std::int64_t> layers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t units = 0;
    const auto [next, error] = std::from_chars(at, end, units);
    if (error != std::errc() || units < 1 || units > kMostUnits) return std::nullopt;
    layers.push_back(units);
    if (next == end) break;
    if (*next != ',' || next + 1 == end) return std::nullopt;
    at = next + 1;
  }
  return layers;
}

// CLI11's own conversion wraps what does not fit.
template <class Integer>
CLI::Validator whole_number(Integer least, Integer most) {
  return CLI::Validator(
      [=](const std::string& text) {
        Integer value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error == std::errc() && end == text.data() + text.size() && value >= least && value <= most) return std::string();
        return "\"" + text + "\" is no whole number from " + std::to_string(least) + " to " + std::to_string(most);
      },
      "");
}

// What is wrong with the name of an activation; "" where nothing is.
std::string check_activation(const std::string& name) {
  try {
    const nn::Activation activation(name);
  } catch (const std::invalid_argument& error) {
    const std::string what = error.what();
    return what.substr(0, what.find(" (at "));  // the line is this program's
  }
  return "";
}

}  // namespace

std::variant<MnistOptions, int> parse_mnist_options(int argc, const char* const* argv) {
  MnistOptions options;
  CLI::App app("Trains a multilayer perceptron on MNIST, or on any dataset in the same four files.", "mnist_train");
  app.get_formatter()->column_width(34);
  const CLI::Validator count = whole_number<std::int64_t>(1, kMost);

  app.add_option("--data", options.data,
                 "Directory with the four files; otherwise $MNIST_DIR, data/mnist and Debian's Fashion-MNIST are tried in turn")
      ->type_name("DIR");
  std::string layers = "128,64";
  app.add_option("--layers", layers, "Units of the hidden layers, such as 128,64; \"\" for none")
      ->type_name("UNITS")
      ->capture_default_str()
      ->check([](const std::string& text) {
        const auto units = parse_layers(text);
        if (!units) return "\"" + text + "\" is no list of sizes from 1 to " + std::to_string(kMostUnits) + " such as 128,64";
        std::int64_t weights = 0;
        for (std::size_t k = 1; k < units->size(); ++k) weights += (*units)[k - 1] * (*units)[k];
        if (weights > kMostWeights) return "\"" + text + "\" would have " + std::to_string(weights) + " weights";
        return std::string();
      });
  app.add_option("--activation", options.activation, "After each hidden layer: relu, sigmoid, tanh, ...")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(check_activation);
  app.add_option("--loss", options.loss, "cross_entropy, or mse between softmax and one-hot labels")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"cross_entropy", "mse"}).description(""));
  app.add_option("--optimizer", options.optimizer, "adam, sgd, or momentum (sgd with momentum 0.9)")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"adam", "sgd", "momentum"}).description(""));
  std::optional<double> learning_rate;
  app.add_option("--learning-rate", learning_rate, "Of the first step [0.001 for adam, 0.1 for sgd, 0.05 for momentum]")
      ->type_name("RATE")
      ->check([](const std::string& text) {
        double value = 0;
        if (CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value >= 0) return std::string();
        return "\"" + text + "\" is no number from 0 on";
      });
  app.add_option("--schedule", options.schedule, "linear: the learning rate falls to 0 over all steps; constant")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"linear", "constant"}).description(""));
  app.add_option("--batch", options.batch, "Images in a step")->type_name("COUNT")->capture_default_str()->check(count);
  app.add_option("--epochs", options.epochs, "Passes over the training images")->type_name("COUNT")->capture_default_str()->check(count);
  app.add_option("--seed", options.seed, "Of the first weights and of the order of images")
      ->type_name("NUMBER")
      ->capture_default_str()
      ->check(whole_number<std::uint64_t>(0, std::numeric_limits<std::uint64_t>::max()));
  app.add_option("--threads", options.threads, "Results do not depend on it [OMP_NUM_THREADS, or all cores]")
      ->type_name("COUNT")
      ->check(whole_number<std::int64_t>(1, kMostThreads));
  app.add_option("--limit-train", options.limit_train, "Trains on the first so many images")->type_name("COUNT")->check(count);
  app.add_option("--limit-test", options.limit_test, "Tests on the first so many images")->type_name("COUNT")->check(count);
  app.add_option("--history", options.history, "Writes settings, each epoch's results and a digest of the weights as JSON")
      ->type_name("FILE");
  app.add_option("--report", options.report, "Writes a page with charts, the confusion matrix, the worst mistakes and weights as HTML")
      ->type_name("FILE");
  app.add_option("--bench-steps", options.bench_steps, "Times so many steps instead of training, and prints one line")
      ->type_name("COUNT")
      ->check(whole_number<std::int64_t>(1, kMostBenchSteps));
  app.add_option("--log-level", options.log_level, "debug, info, warning, error or off")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}).description(""));
  bool quiet = false;
  app.add_flag("--quiet", quiet, "The same as --log-level warning");

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << "mnist_train: " << error.what() << " (--help lists the options)\n";
    return kUsageExit;
  }
  options.layers = *parse_layers(layers);
  options.learning_rate = learning_rate.value_or(kLearningRates.at(options.optimizer));
  if (quiet) options.log_level = "warning";
  options.command = command_line(argc, argv);
  return options;
}

}  // namespace chainrule::apps
