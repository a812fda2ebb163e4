#include "apps/mnist/options.h"

#include <map>

#include "apps/common/cli.h"
#include "autograd/ops/create.h"
#include "nn/optim/factory.h"

namespace chainrule::apps {
namespace {

constexpr std::int64_t kMostThreads = 256;
constexpr std::int64_t kMostBenchSteps = 10'000'000;

const std::map<std::string, double> kLearningRates = {{"adam", 1e-3}, {"sgd", 0.1}, {"momentum", 0.05}};

double default_learning_rate(const std::string& optimizer) {
  const auto known = kLearningRates.find(optimizer);
  if (known != kLearningRates.end()) return known->second;
  return nn::make_optimizer(optimizer, {zeros({1}).set_requires_grad(true)})->learning_rate();  // the library's default
}

void add_data_options(CLI::App& app, MnistOptions& options) {
  const CLI::Validator count = whole_number();
  CLI::Option* data =
      app.add_option(
             "--data", options.data,
             "Directory with the four MNIST files [the first that has them: $MNIST_DIR, data/mnist, Debian's Fashion-MNIST package]")
          ->type_name("DIR");
  CLI::Option* csv =
      app.add_option("--csv", options.csv,
                     "Read training images, and test images if a second file is given, from CSV tables; a row is a label and its pixels")
          ->type_name("TRAIN [TEST]")
          ->expected(1, 2)
          ->excludes(data);
  app.add_option("--test-split", options.test_split, "With one CSV table: fraction of its rows, drawn at random, to test on [1/7]")
      ->type_name("FRACTION")
      ->check(fraction_below_one())
      ->needs(csv);
  app.add_flag("--standardize", options.standardize,
               "Scale each image to mean 0 and standard deviation 1; by default pixels are scaled to 0 to 1");
  app.add_option("--val-split", options.val_split,
                 "Fraction of the training images, taken from the end, to validate on after each epoch [0]")
      ->type_name("FRACTION")
      ->check(fraction_below_one());
  app.add_option("--limit-train", options.limit_train, "Use only the first COUNT training images [all]")->type_name("COUNT")->check(count);
  app.add_option("--limit-test", options.limit_test, "Use only the first COUNT test images [all]")->type_name("COUNT")->check(count);
}

void add_network_options(CLI::App& app, MnistOptions& options, std::string& layers) {
  add_hidden_layers(app, layers);
  app.add_option("--activation", options.activation, "Activation of the hidden layers: relu, sigmoid, tanh, ...")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(activation_name());
  app.add_option("--output", options.output, "Activation of the output layer: softmax, sigmoid or linear")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"softmax", "sigmoid", "linear"}).description(""));
  add_initializer(app, options.initializer);
  app.add_flag("--batch-norm", options.batch_norm, "Add batch normalization after each hidden layer");
  app.add_option("--dropout", options.dropout, "Dropout probability of the hidden units [0]")->type_name("P")->check(fraction_below_one());
  app.add_option("--input-dropout", options.input_dropout, "Dropout probability of the input pixels [0]")
      ->type_name("P")
      ->check(fraction_below_one());
}

void add_training_options(CLI::App& app, MnistOptions& options, std::optional<double>& learning_rate) {
  app.add_option("--loss", options.loss,
                 "Loss: cross_entropy; mse, the mean squared error against one-hot labels; squared_error, the same summed over the classes")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"cross_entropy", "mse", "squared_error"}).description(""));
  app.add_option("--label-smoothing", options.label_smoothing, "Fraction of each label that cross_entropy spreads over all classes [0]")
      ->type_name("FRACTION")
      ->check(fraction_below_one());
  add_optimizer(app, options.optimizer);
  app.add_option("--learning-rate", learning_rate, "Initial learning rate [0.1 for sgd, 0.05 for momentum, else the library's default]")
      ->type_name("RATE")
      ->check(number_from(0));
  add_weight_decay(app, options.weight_decay);
  app.add_option("--average", options.averaging,
                 "Average the weights over the steps with this decay, such as 0.999; test and save the averages")
      ->type_name("DECAY")
      ->check(fraction_below_one());
  app.add_option("--schedule", options.schedule,
                 "Change of the learning rate over all steps: linear (falls to 0), cosine (falls to 0 along a cosine) or constant")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"linear", "cosine", "constant"}).description(""));
  CLI::Option* batch = add_count(app, "--batch", options.batch, "Images per step");
  app.add_flag_callback(
         "--full-batch", [&options] { options.batch = 0; }, "Use all training images in a single step per epoch")
      ->excludes(batch);
  add_count(app, "--epochs", options.epochs, "Passes over the training images");
  add_seed(app, options.seed, "Seed of the initial weights, the order of the images and dropout");
  app.add_option("--threads", options.threads, "Number of threads; does not change the results [OMP_NUM_THREADS, or all cores]")
      ->type_name("COUNT")
      ->check(whole_number(1, kMostThreads));
}

void add_output_options(CLI::App& app, MnistOptions& options) {
  add_count(app, "--show-every", options.show_every, "Print the first, the last and every COUNT-th epoch");
  app.add_option("--history", options.history, "Write the settings, the results of each epoch and a fingerprint of the weights as JSON")
      ->type_name("FILE");
  app.add_option("--report", options.report, "Write an HTML page with charts, the worst mistakes and the first layer's weights")
      ->type_name("FILE");
  CLI::Option* save = app.add_option("--save", options.save,
                                     "Write the trained model to FILE as JSON; if the name ends in .safetensors, write only the weights")
                          ->type_name("FILE");
  app.add_option("--load", options.load, "Load a JSON model that --save wrote and test it, instead of training")
      ->type_name("FILE")
      ->excludes(save);
  app.add_option("--predict", options.predict, "Write each test image's label, guess and confidence as CSV; - is standard output")
      ->type_name("FILE");
  app.add_option("--bench-steps", options.bench_steps, "Instead of training, run COUNT steps and print the time of one")
      ->type_name("COUNT")
      ->check(whole_number(1, kMostBenchSteps));
  add_log_level(app, options.log_level);
}

}  // namespace

std::variant<MnistOptions, int> parse_mnist_options(int argc, const char* const* argv) {
  MnistOptions options;
  CLI::App app("Train a multilayer perceptron on MNIST, or on another dataset in MNIST's file format or in CSV tables.", "mnist_train");
  std::string layers = "128,64";
  std::optional<double> learning_rate;
  add_data_options(app, options);
  add_network_options(app, options, layers);
  add_training_options(app, options, learning_rate);
  add_output_options(app, options);
  if (const std::optional<int> exit_code = parse_command_line(app, argc, argv)) return *exit_code;

  options.command = command_line(argc, argv);
  options.layers = *parse_layers(layers);
  options.learning_rate = learning_rate ? *learning_rate : default_learning_rate(options.optimizer);
  return options;
}

}  // namespace chainrule::apps
