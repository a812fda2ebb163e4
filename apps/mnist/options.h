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
  std::vector<std::filesystem::path> csv;        ///< instead of `data`: training images, and test images unless these are split off
  double test_split = 1.0 / 7;                   ///< of a single CSV file
  bool standardize = false;                      ///< each image by its own mean and deviation
  std::vector<std::int64_t> layers = {128, 64};  ///< the hidden ones
  std::string activation = "relu";
  std::string output = "softmax";
  std::string initializer = "he_uniform";
  bool batch_norm = false;
  double input_dropout = 0, dropout = 0;
  std::string loss = "cross_entropy";
  double label_smoothing = 0;
  std::string optimizer = "adam";
  double learning_rate = 0;  ///< that of the optimizer where none was given
  double weight_decay = 0;
  double averaging = 0;  ///< the decay of nn::EMA; 0: none
  std::string schedule = "linear";
  std::int64_t batch = 64;  ///< 0: all images
  std::int64_t epochs = 10;
  double val_split = 0;  ///< the last part of the training images
  std::int64_t show_every = 1;
  std::uint64_t seed = 1;
  std::optional<int> threads;
  std::optional<std::int64_t> limit_train, limit_test;
  std::optional<std::filesystem::path> history, report, save, load, predict;
  std::int64_t bench_steps = 0;  ///< 0: train
  std::string log_level = "info";
  std::string command;  ///< as it was typed
};

/// The options, or the exit code where the program has nothing left to do: what is wrong, or the help asked for, is printed.
std::variant<MnistOptions, int> parse_mnist_options(int argc, const char* const* argv);

}  // namespace chainrule::apps
