// Command-line options and checks shared by the programs.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nn/layers/init.h"

namespace chainrule::apps {

/// Exit code after an invalid command line.
inline constexpr int kUsageExit = 2;

/// Upper limit of every count; the product of two counts fits into 64 bits.
inline constexpr std::int64_t kMostCount = 1'000'000'000;

/// Accepts integers from `least` to `most`. CLI11's own conversion would wrap numbers that do not fit.
CLI::Validator whole_number(std::int64_t least = 1, std::int64_t most = kMostCount);
/// Accepts integers from 0 to 2^64 - 1.
CLI::Validator seed_number();
/// Accepts finite numbers of at least `least`.
CLI::Validator number_from(double least);
/// Accepts numbers in [0, 1).
CLI::Validator fraction_below_one();

/// Accepts the names of activations.
CLI::Validator activation_name();
/// Accepts the names of optimizers that compute one loss per step: all but lbfgs.
CLI::Validator optimizer_name();
/// Accepts every text that initializer_of() accepts.
CLI::Validator initializer_name();

/// The initializer called "he_uniform" or any other name of nn::Initializer, "normal:0.1" (standard deviation 0.1) or "uniform:0.05"
/// (-0.05 to 0.05).
/// @throws std::invalid_argument for any other text.
nn::Initializer initializer_of(const std::string& text);

/// The layer sizes in a text such as "128,64"; no sizes for an empty text. Returns nullopt if the text is not such a list, a size is not in
/// 1 to 2^16, or there are more than 2^28 weights between two layers.
std::optional<std::vector<std::int64_t>> parse_layers(const std::string& text);
/// Accepts every text that parse_layers() accepts.
CLI::Validator layer_sizes();

/// Options shared by several programs. The value of each variable is its default, which --help shows. A count is an integer of at least
/// `least`.
CLI::Option* add_count(CLI::App& app, const std::string& name, std::int64_t& value, const std::string& help, std::int64_t least = 1);
void add_hidden_layers(CLI::App& app, std::string& units);
void add_initializer(CLI::App& app, std::string& name);
void add_optimizer(CLI::App& app, std::string& name);
void add_weight_decay(CLI::App& app, double& rate);
void add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help);
/// --log-level, and --quiet, which prints warnings and errors only.
void add_log_level(CLI::App& app, std::string& level);

/// Checks that a fraction of the examples, which the option takes away for `purpose`, leaves some on both sides.
/// @throws std::invalid_argument `OPTION FRACTION leaves none ...` if not.
void check_split(const char* option, double fraction, std::int64_t count, const char* examples, const char* purpose);

/// Parses the command line. After --help or an error it prints the help or the error, and returns the exit code with which the program
/// should end.
std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv);

/// The command line, quoted such that a shell accepts it.
std::string command_line(int argc, const char* const* argv);

}  // namespace chainrule::apps
