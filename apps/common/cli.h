// What the programs' command lines have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nn/layers/init.h"

namespace chainrule::apps {

/// The exit code of a program that was not told rightly what to do.
inline constexpr int kUsageExit = 2;

/// The most that is counted of anything: products of two such numbers fit 64 bits.
inline constexpr std::int64_t kMostCount = 1'000'000'000;

/// Lets through whole numbers of this range; CLI11's own conversion wraps what does not fit.
CLI::Validator whole_number(std::int64_t least = 1, std::int64_t most = kMostCount);
/// Lets through whole numbers from 0 to 2^64 - 1.
CLI::Validator seed_number();
/// Lets through finite numbers from `least` on, and those from 0 to below 1.
CLI::Validator number_from(double least);
CLI::Validator fraction_below_one();

/// Lets through the names of activations, and of optimizers that work by steps.
CLI::Validator activation_name();
CLI::Validator optimizer_name();
/// Lets through what initializer_of() takes.
CLI::Validator initializer_name();

/// "he_uniform" and the like, "normal:0.1" with a deviation, or "uniform:0.05" for both sides of 0.
/// @throws std::invalid_argument for anything else.
nn::Initializer initializer_of(const std::string& text);

/// "128,64", empty for none; none for text that is no such list, or holds more than 2^16 units in a layer or 2^28 weights between two.
std::optional<std::vector<std::int64_t>> parse_layers(const std::string& text);
/// Lets through what parse_layers() takes.
CLI::Validator layer_sizes();

/// Options that several programs have; their values are the defaults shown. A count is a whole number from `least` on.
CLI::Option* add_count(CLI::App& app, const std::string& name, std::int64_t& value, const std::string& help, std::int64_t least = 1);
void add_hidden_layers(CLI::App& app, std::string& units);
void add_initializer(CLI::App& app, std::string& name);
void add_optimizer(CLI::App& app, std::string& name);
void add_weight_decay(CLI::App& app, double& rate);
void add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help);
/// --log-level, and --quiet for warnings only.
void add_log_level(CLI::App& app, std::string& level);

/// Parses; returns the exit code where the program has nothing left to do: what is wrong, or the help asked for, is printed.
std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv);

/// The command line as it would be typed.
std::string command_line(int argc, const char* const* argv);

}  // namespace chainrule::apps
