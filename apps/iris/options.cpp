#include "apps/iris/options.h"

#include "apps/common/cli.h"

namespace chainrule::apps {

std::variant<IrisOptions, int> parse_iris_options(int argc, const char* const* argv) {
  IrisOptions options;
  options.data = CHAINRULE_IRIS_CSV;
  CLI::App app("Trains a multilayer perceptron to tell classes by a table's numbers: by default Fisher's irises.", "iris_train");
  app.get_formatter()->column_width(34);
  const CLI::Validator count = whole_number();
  app.add_option("--data", options.data, "Table with a header [Iris, 150 rows]")->type_name("FILE");
  app.add_option("--label", options.label, "Column of the classes: its name, or its number from 0, from the end if negative [-1]")
      ->type_name("COLUMN");
  app.add_flag("--standardize", options.standardize, "Brings each column to mean 0 and deviation 1, by the training rows");
  app.add_option("--test-split", options.test_split, "Part of the rows to test on, drawn by the seed")
      ->type_name("PART")
      ->capture_default_str()
      ->check(fraction_below_one());
  app.add_flag("--stratify", options.stratify, "Gives each class its share of the test rows");
  app.add_option("--splits", options.splits, "Trainings, each with a split of its own; their accuracies are averaged")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(count);
  std::string layers = "8,8", activations = "tanh,relu";
  app.add_option("--layers", layers, "Units of the hidden layers; \"\" for none")
      ->type_name("UNITS")
      ->capture_default_str()
      ->check(layer_sizes());
  app.add_option("--activation", activations, "After the hidden layers: one for all, or one for each")
      ->type_name("NAMES")
      ->capture_default_str()
      ->check([](const std::string& text) {
        for (const std::string& name : CLI::detail::split(text, ','))
          if (std::string wrong = activation_name()(name); !wrong.empty()) return wrong;
        return std::string();
      });
  app.add_option("--init", options.initializer, "First weights: xavier_uniform, he_normal, normal:0.1 (its deviation), ...")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(initializer_name());
  app.add_option("--optimizer", options.optimizer, "sgd, momentum (sgd with momentum 0.9), adam, ...")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(optimizer_name());
  app.add_option("--learning-rate", options.learning_rate, "Of every step")
      ->type_name("RATE")
      ->capture_default_str()
      ->check(number_from(0));
  app.add_option("--weight-decay", options.weight_decay, "As the optimizer has it")->type_name("RATE")->check(number_from(0));
  app.add_option("--batch", options.batch, "Rows in a step")->type_name("COUNT")->capture_default_str()->check(count);
  app.add_option("--epochs", options.epochs, "Passes over the training rows")->type_name("COUNT")->capture_default_str()->check(count);
  app.add_option("--show-every", options.show_every, "Prints every so many epochs; 0: none")
      ->type_name("COUNT")
      ->capture_default_str()
      ->check(whole_number(0));
  app.add_option("--seed", options.seed, "Of the splits, the first weights and the order of rows")
      ->type_name("NUMBER")
      ->capture_default_str()
      ->check(seed_number());
  app.add_option("--save", options.save, "Writes the model of the last training: FILE.json whole, FILE.safetensors its weights")
      ->type_name("FILE");
  app.add_option("--report", options.report, "Writes a page with charts, of the last training, and the mistakes")->type_name("FILE");
  app.add_option("--log-level", options.log_level, "debug, info, warning, error or off")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}).description(""));
  app.add_flag_callback(
      "--quiet", [&options] { options.log_level = "warning"; }, "The same as --log-level warning");
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
