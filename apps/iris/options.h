// What iris_train is told on its command line.
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
  std::string label = "-1";  ///< a column's name or number
  bool standardize = false;
  double test_split = 0.3;
  bool stratify = false;
  std::int64_t splits = 1;
  std::vector<std::int64_t> layers = {8, 8};                ///< the hidden ones
  std::vector<std::string> activations = {"tanh", "relu"};  ///< one for all, or one for each hidden layer
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
  std::string command;  ///< as it was typed
};

/// The options, or the exit code where the program has nothing left to do: what is wrong, or the help asked for, is printed.
std::variant<IrisOptions, int> parse_iris_options(int argc, const char* const* argv);

}  // namespace chainrule::apps
