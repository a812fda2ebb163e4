// What mnist_train is told on its command line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace chainrule::apps {

struct MnistOptions {
  std::optional<std::filesystem::path> data;
  std::vector<std::int64_t> layers = {128, 64};  ///< the hidden ones
  std::string activation = "relu";
  std::string loss = "cross_entropy";
  std::string optimizer = "adam";
  double learning_rate = 0;  ///< that of the optimizer where none was given
  std::string schedule = "linear";
  std::int64_t batch = 64;
  std::int64_t epochs = 10;
  std::uint64_t seed = 1;
  std::optional<int> threads;
  std::optional<std::int64_t> limit_train, limit_test;
  std::optional<std::filesystem::path> history;
  std::optional<std::filesystem::path> report;
  std::int64_t bench_steps = 0;  ///< 0: train
  std::string log_level = "info";
  std::string command;  ///< all of the above as it was given
};

/// The options, or the exit code where the program has nothing left to do: what is wrong, or the help asked for, is printed.
std::variant<MnistOptions, int> parse_mnist_options(int argc, const char* const* argv);

}  // namespace chainrule::apps
