#include "apps/iris/options.h"

#include "apps/common/cli.h"

namespace chainrule::apps {

std::variant<IrisOptions, int> parse_iris_options(int argc, const char* const* argv) {
  IrisOptions options;
  options.data = CHAINRULE_IRIS_CSV;
  CLI::App app("Train a multilayer perceptron to classify the rows of a table, by default Fisher's Iris data.", "iris_train");
  app.add_option("--data", options.data, "CSV table with a header [Iris, 150 rows]")->type_name("FILE");
  app.add_option("--label", options.label, "Name or number of the column with the classes; 0 is the first column, -1 the last [-1]")
      ->type_name("COLUMN");
  app.add_flag("--standardize", options.standardize, "Scale each column so that the training rows have mean 0 and standard deviation 1");
  app.add_option("--test-split", options.test_split, "Fraction of the rows, drawn at random, to test on")
      ->type_name("FRACTION")
      ->capture_default_str()
      ->check(fraction_below_one());
  app.add_flag("--stratify", options.stratify, "Draw the test rows from each class in proportion to its size");
  add_count(app, "--splits", options.splits, "Number of random splits to train on; the program prints their mean accuracy");
  std::string layers = "8,8", activations = "tanh,relu";
  add_hidden_layers(app, layers);
  app.add_option("--activation", activations, "Activation of the hidden layers: one for all, or one per layer, separated by commas")
      ->type_name("NAMES")
      ->capture_default_str()
      ->check([](const std::string& text) {
        for (const std::string& name : CLI::detail::split(text, ','))
          if (std::string wrong = activation_name()(name); !wrong.empty()) return wrong;
        return std::string();
      });
  add_initializer(app, options.initializer);
  add_optimizer(app, options.optimizer);
  app.add_option("--learning-rate", options.learning_rate, "Learning rate")
      ->type_name("RATE")
      ->capture_default_str()
      ->check(number_from(0));
  add_weight_decay(app, options.weight_decay);
  add_count(app, "--batch", options.batch, "Rows per step");
  add_count(app, "--epochs", options.epochs, "Passes over the training rows");
  add_count(app, "--show-every", options.show_every, "Print every COUNT-th epoch; 0 for none", 0);
  add_seed(app, options.seed, "Seed of the splits, the initial weights and the order of the rows");
  app.add_option("--save", options.save,
                 "Write the model of the last split to FILE as JSON; if the name ends in .safetensors, write only the weights")
      ->type_name("FILE");
  app.add_option("--report", options.report, "Write an HTML page with charts and the worst mistakes of the last split")->type_name("FILE");
  add_log_level(app, options.log_level);
  if (const std::optional<int> exit_code = parse_command_line(app, argc, argv)) return *exit_code;

  options.command = command_line(argc, argv);
  options.layers = *parse_layers(layers);
  options.activations = CLI::detail::split(activations, ',');
  if (options.activations.size() != 1 && options.activations.size() != options.layers.size() && !options.layers.empty()) {
    std::cerr << "iris_train: --activation: got " << options.activations.size() << " names for " << options.layers.size()
              << " hidden layers, expected one for all or one per layer (--help lists the options)\n";
    return kUsageExit;
  }
  return options;
}

}  // namespace chainrule::apps
