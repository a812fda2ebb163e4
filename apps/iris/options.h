// Command-line options of iris_train.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace chainrule::apps {

struct IrisOptions {
  std::filesystem::path data;
  std::string label = "-1";  ///< name or number of the column
  bool standardize = false;
  double test_split = 0.3;
  bool stratify = false;
  std::int64_t splits = 1;
  std::vector<std::int64_t> layers = {8, 8};                ///< sizes of the hidden layers
  std::vector<std::string> activations = {"tanh", "relu"};  ///< one for all hidden layers, or one per hidden layer
  std::string initializer = "xavier_uniform";
  std::string optimizer = "sgd";
  double learning_rate = 0.01;
  double weight_decay = 0;
  std::int64_t batch = 1;
  std::int64_t epochs = 500;
  std::int64_t show_every = 0;
  std::uint64_t seed = 1;
  std::optional<std::filesystem::path> save, report;
  std::string log_level = "info";
  std::string command;  ///< the command line, as text
};

/// Parses the command line. After --help or an error it prints the help or the error, and returns the exit code with which the program
/// should end.
std::variant<IrisOptions, int> parse_iris_options(int argc, const char* const* argv);

}  // namespace chainrule::apps
