#include "apps/iris/options.h"

#include "apps/common/cli.h"

namespace chainrule::apps {

std::variant<IrisOptions, int> parse_iris_options(int argc, const char* const* argv) {
  IrisOptions options;
  options.data = CHAINRULE_IRIS_CSV;
  CLI::App app("Trains a multilayer perceptron to tell classes by a table's numbers: by default Fisher's irises.", "iris_train");
  app.get_formatter()->column_width(34);
  app.add_option("--data", options.data, "Table with a header [Iris, 150 rows]")->type_name("FILE");
  app.add_option("--label", options.label, "Column of the classes: its name, or its number from 0, from the end if negative [-1]")
      ->type_name("COLUMN");
  app.add_flag("--standardize", options.standardize, "Brings each column to mean 0 and deviation 1, by the training rows");
  app.add_option("--test-split", options.test_split, "Part of the rows to test on, drawn by the seed")
      ->type_name("PART")
      ->capture_default_str()
      ->check(fraction_below_one());
  app.add_flag("--stratify", options.stratify, "Gives each class its share of the test rows");
  add_count(app, "--splits", options.splits, "Trainings, each with a split of its own; their accuracies are averaged");
  std::string layers = "8,8", activations = "tanh,relu";
  add_hidden_layers(app, layers);
  app.add_option("--activation", activations, "After the hidden layers: one for all, or one for each")
      ->type_name("NAMES")
      ->capture_default_str()
      ->check([](const std::string& text) {
        for (const std::string& name : CLI::detail::split(text, ','))
          if (std::string wrong = activation_name()(name); !wrong.empty()) return wrong;
        return std::string();
      });
  add_initializer(app, options.initializer);
  add_optimizer(app, options.optimizer);
  app.add_option("--learning-rate", options.learning_rate, "Of every step")
      ->type_name("RATE")
      ->capture_default_str()
      ->check(number_from(0));
  add_weight_decay(app, options.weight_decay);
  add_count(app, "--batch", options.batch, "Rows in a step");
  add_count(app, "--epochs", options.epochs, "Passes over the training rows");
  add_count(app, "--show-every", options.show_every, "Prints every so many epochs; 0: none", 0);
  add_seed(app, options.seed, "Of the splits, the first weights and the order of rows");
  app.add_option("--save", options.save, "Writes the model of the last training: FILE.json whole, FILE.safetensors its weights")
      ->type_name("FILE");
  app.add_option("--report", options.report, "Writes a page with charts, of the last training, and the mistakes")->type_name("FILE");
  add_log_level(app, options.log_level);
  if (const std::optional<int> exit_code = parse_command_line(app, argc, argv)) return *exit_code;

  options.command = command_line(argc, argv);
  options.layers = *parse_layers(layers);
  options.activations = CLI::detail::split(activations, ',');
  if (options.activations.size() != 1 && options.activations.size() != options.layers.size() && !options.layers.empty()) {
    std::cerr << "iris_train: --activation: got " << options.activations.size() << " names for " << options.layers.size()
              << " hidden layers, expected one for all or one for each (--help lists the options)\n";
    return kUsageExit;
  }
  return options;
}

}  // namespace chainrule::apps
