// Command-line options of mnist_train.
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
  std::vector<std::filesystem::path> csv;        ///< instead of `data`: a table of training images and optionally one of test images
  double test_split = 1.0 / 7;                   ///< fraction of the only table in `csv`
  bool standardize = false;                      ///< each image, to mean 0 and standard deviation 1
  std::vector<std::int64_t> layers = {128, 64};  ///< sizes of the hidden layers
  std::string activation = "relu";
  std::string output = "softmax";
  std::string initializer = "he_uniform";
  bool batch_norm = false;
  double input_dropout = 0, dropout = 0;
  std::string loss = "cross_entropy";
  double label_smoothing = 0;
  std::string optimizer = "adam";
  double learning_rate = 0;  ///< the optimizer's default unless given
  double weight_decay = 0;
  double averaging = 0;  ///< decay of nn::EMA; 0: no averages
  std::string schedule = "linear";
  std::int64_t batch = 64;  ///< images per step; 0: all
  std::int64_t epochs = 10;
  double val_split = 0;  ///< fraction of the training images, taken from the end
  std::int64_t show_every = 1;
  std::uint64_t seed = 1;
  std::optional<int> threads;
  std::optional<std::int64_t> limit_train, limit_test;
  std::optional<std::filesystem::path> history, report, save, load, predict;
  std::int64_t bench_steps = 0;  ///< number of steps to time; 0: train instead
  std::string log_level = "info";
  std::string command;  ///< the command line, as text
};

/// Parses the command line. After --help or an error it prints the help or the error, and returns the exit code with which the program
/// should end.
std::variant<MnistOptions, int> parse_mnist_options(int argc, const char* const* argv);

}  // namespace chainrule::apps
