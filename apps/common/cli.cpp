#include "apps/common/cli.h"

#include <charconv>
#include <cmath>
#include <iostream>
#include <stdexcept>
#include <string_view>

#include "nn/activation.h"
#include "nn/optim/factory.h"

namespace chainrule::apps {
namespace {

constexpr std::int64_t kMostUnits = 65536;
constexpr std::int64_t kMostWeights = std::int64_t{1} << 28;  // between two layers; Adam keeps 16 bytes for each

template <class Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// What the library says of a name; "" where it takes it.
template <class Make>
CLI::Validator taken_by(Make make) {
  return CLI::Validator(
      [make](const std::string& name) {
        try {
          make(name);
        } catch (const std::invalid_argument& error) {
          const std::string what = error.what();
          return what.substr(0, what.find(" (at "));  // the line is this program's
        }
        return std::string();
      },
      "");
}

}  // namespace

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  return CLI::Validator(
      [=](const std::string& text) {
        std::int64_t value = 0;
        if (parse(text, value) && value >= least && value <= most) return std::string();
        return quoted(text) + " is no whole number from " + std::to_string(least) + " to " + std::to_string(most);
      },
      "");
}

CLI::Validator seed_number() {
  return CLI::Validator(
      [](const std::string& text) {
        std::uint64_t value = 0;
        if (parse(text, value)) return std::string();
        return quoted(text) + " is no whole number from 0 to " + std::to_string(std::numeric_limits<std::uint64_t>::max());
      },
      "");
}

CLI::Validator number_from(double least) {
  return CLI::Validator(
      [=](const std::string& text) {
        double value = 0;
        if (parse(text, value) && std::isfinite(value) && value >= least) return std::string();
        return quoted(text) + " is no number from " + (least == 0 ? "0" : std::to_string(least)) + " on";
      },
      "");
}

CLI::Validator fraction_below_one() {
  return CLI::Validator(
      [](const std::string& text) {
        double value = 0;
        if (parse(text, value) && value >= 0 && value < 1) return std::string();
        return quoted(text) + " is no number from 0 to below 1";
      },
      "");
}

CLI::Validator activation_name() {
  return taken_by([](const std::string& name) { const nn::Activation activation(name); });
}

CLI::Validator optimizer_name() {
  return taken_by([](const std::string& name) {
    if (name == "lbfgs") throw std::invalid_argument("lbfgs takes no single steps; choose another optimizer");
    const nn::OptimizerFactory optimizer(name);
  });
}

CLI::Validator initializer_name() {
  return taken_by([](const std::string& name) { initializer_of(name); });
}

nn::Initializer initializer_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return nn::Initializer(text);
  const std::string name = text.substr(0, colon);
  double size = 0;
  if ((name != "normal" && name != "uniform") || !parse(std::string_view(text).substr(colon + 1), size) || !std::isfinite(size) || size < 0)
    throw std::invalid_argument(quoted(text) + " is no initializer such as normal:0.1 or uniform:0.05");
  return name == "normal" ? nn::init::normal(size) : nn::init::uniform(-size, size);
}

std::optional<std::vector<std::int64_t>> parse_layers(const std::string& text) {
  std::vector<std::int64_t> layers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t units = 0;
    const auto [next, error] = std::from_chars(at, end, units);
    if (error != std::errc() || units < 1 || units > kMostUnits) return std::nullopt;
    if (!layers.empty() && layers.back() * units > kMostWeights) return std::nullopt;
    layers.push_back(units);
    if (next == end) break;
    if (*next != ',' || next + 1 == end) return std::nullopt;
    at = next + 1;
  }
  return layers;
}

CLI::Validator layer_sizes() {
  return CLI::Validator(
      [](const std::string& text) {
        if (parse_layers(text)) return std::string();
        return quoted(text) + " is no list of sizes from 1 to " + std::to_string(kMostUnits) + " such as 128,64 with at most " +
               std::to_string(kMostWeights) + " weights between two";
      },
      "");
}

std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << error.what() << " (--help lists the options)\n";
    return kUsageExit;
  }
  return std::nullopt;
}

std::string command_line(int argc, const char* const* argv) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  std::string line;
  for (int i = 0; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (i > 0) line += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += '\'';
  }
  return line;
}

}  // namespace chainrule::apps
