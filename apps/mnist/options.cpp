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
  return nn::make_optimizer(optimizer, {zeros({1}).set_requires_grad(true)})->learning_rate();  // the library's own
}

void add_data_options(CLI::App& app, MnistOptions& options) {
  const CLI::Validator count = whole_number();
  CLI::Option* data =
      app.add_option("--data", options.data,
                     "Directory with the four files; otherwise $MNIST_DIR, data/mnist and Debian's Fashion-MNIST are tried in turn")
          ->type_name("DIR");
  CLI::Option* csv = app.add_option("--csv", options.csv, "Tables instead: a row is a label and its pixels; training and test images")
                         ->type_name("TRAIN [TEST]")
                         ->expected(1, 2)
                         ->excludes(data);
  app.add_option("--test-split", options.test_split, "Part of a single table to test on, drawn by the seed [1/7]")
      ->type_name("PART")
      ->check(fraction_below_one())
      ->needs(csv);
  app.add_flag("--standardize", options.standardize, "Brings each image to mean 0 and deviation 1; otherwise pixels are 0 to 1");
  app.add_option("--val-split", options.val_split, "Last part of the training images, held out to validate on after each epoch")
      ->type_name("PART")
      ->check(fraction_below_one());
  app.add_option("--limit-train", options.limit_train, "Trains on the first so many images")->type_name("COUNT")->check(count);
  app.add_option("--limit-test", options.limit_test, "Tests on the first so many images")->type_name("COUNT")->check(count);
}

void add_network_options(CLI::App& app, MnistOptions& options, std::string& layers) {
  add_hidden_layers(app, layers);
  app.add_option("--activation", options.activation, "After each hidden layer: relu, sigmoid, tanh, ...")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(activation_name());
  app.add_option("--output", options.output, "What the last layer gives: softmax, sigmoid or linear")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"softmax", "sigmoid", "linear"}).description(""));
  add_initializer(app, options.initializer);
  app.add_flag("--batch-norm", options.batch_norm, "Normalizes what each hidden layer gives over the batch");
  app.add_option("--dropout", options.dropout, "Part of each hidden layer's units to leave out in training")
      ->type_name("PART")
      ->check(fraction_below_one());
  app.add_option("--input-dropout", options.input_dropout, "Part of the pixels to leave out in training")
      ->type_name("PART")
      ->check(fraction_below_one());
}

void add_training_options(CLI::App& app, MnistOptions& options, std::optional<double>& learning_rate) {
  app.add_option("--loss", options.loss, "cross_entropy; mse to one-hot labels; squared_error: summed over the classes")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"cross_entropy", "mse", "squared_error"}).description(""));
  app.add_option("--label-smoothing", options.label_smoothing, "Part of each label that is spread over all classes, in cross_entropy")
      ->type_name("PART")
      ->check(fraction_below_one());
  add_optimizer(app, options.optimizer);
  app.add_option("--learning-rate", learning_rate, "Of the first step [0.1 for sgd, 0.05 for momentum, else as the library has it]")
      ->type_name("RATE")
      ->check(number_from(0));
  add_weight_decay(app, options.weight_decay);
  app.add_option("--average", options.averaging, "Tests running averages of the weights, of this decay, such as 0.999")
      ->type_name("DECAY")
      ->check(fraction_below_one());
  app.add_option("--schedule", options.schedule,
                 "linear: the learning rate falls to 0 over all steps; cosine: the same in a curve; constant")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"linear", "cosine", "constant"}).description(""));
  CLI::Option* batch = add_count(app, "--batch", options.batch, "Images in a step");
  app.add_flag_callback(
         "--full-batch", [&options] { options.batch = 0; }, "One step an epoch, of all training images")
      ->excludes(batch);
  add_count(app, "--epochs", options.epochs, "Passes over the training images");
  add_seed(app, options.seed, "Of the first weights, the order of images and what is left out");
  app.add_option("--threads", options.threads, "Results do not depend on it [OMP_NUM_THREADS, or all cores]")
      ->type_name("COUNT")
      ->check(whole_number(1, kMostThreads));
}

void add_output_options(CLI::App& app, MnistOptions& options) {
  add_count(app, "--show-every", options.show_every, "Prints every so many epochs, the first and the last");
  app.add_option("--history", options.history, "Writes settings, each epoch's results and a digest of the weights as JSON")
      ->type_name("FILE");
  app.add_option("--report", options.report, "Writes a page with charts, the worst mistakes and the first layer's weights")
      ->type_name("FILE");
  CLI::Option* save =
      app.add_option("--save", options.save, "Writes the trained model: FILE.json whole, FILE.safetensors its weights")->type_name("FILE");
  app.add_option("--load", options.load, "Tests a model that --save wrote as JSON instead of training one")
      ->type_name("FILE")
      ->excludes(save);
  app.add_option("--predict", options.predict, "Writes each test image's label, guess and confidence as CSV; - for standard output")
      ->type_name("FILE");
  app.add_option("--bench-steps", options.bench_steps, "Times so many steps instead of training, and prints one line")
      ->type_name("COUNT")
      ->check(whole_number(1, kMostBenchSteps));
  add_log_level(app, options.log_level);
}

}  // namespace

std::variant<MnistOptions, int> parse_mnist_options(int argc, const char* const* argv) {
  MnistOptions options;
  CLI::App app("Trains a multilayer perceptron on MNIST, or on any dataset in the same four files or in tables.", "mnist_train");
  app.get_formatter()->column_width(34);
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
