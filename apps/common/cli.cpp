#include "apps/common/cli.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "autograd/base/printable.h"
#include "nn/files/parse_number.h"
#include "nn/layers/activation.h"
#include "nn/optim/factory.h"

namespace chainrule::apps {
namespace {

constexpr std::int64_t kMostUnits = 65536;
constexpr std::int64_t kMostWeights = std::int64_t{1} << 28;  // between two layers; Adam keeps 16 bytes for each

using detail::parse_number;
using detail::Parsed;

template <class Number>
bool parse(std::string_view text, Number& value) {
  return parse_number(text, value) == Parsed::number;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// Accepts a name for which make(name) does not throw; otherwise reports the library's message.
template <class Make>
CLI::Validator accepted_by(Make make) {
  return CLI::Validator(
      [make](const std::string& name) {
        try {
          make(name);
        } catch (const std::invalid_argument& error) {
          const std::string what = error.what();
          return what.substr(0, what.find(" (at "));  // the location is in this program, of no use to its user
        }
        return std::string();
      },
      "");
}

// Names the type left of an option's description, and what it requires, excludes and defaults to at the end.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(30); }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string text = option->get_description();
    for (const CLI::Option* other : option->get_needs()) text += " (requires " + other->get_name() + ")";
    for (const CLI::Option* other : option->get_excludes()) text += " (not with " + other->get_name() + ")";
    return option->get_default_str().empty() ? text : text + " [" + option->get_default_str() + "]";
  }
};

}  // namespace

CLI::Validator whole_number(std::int64_t least, std::int64_t most) {
  return CLI::Validator(
      [=](const std::string& text) {
        std::int64_t value = 0;
        if (parse(text, value) && value >= least && value <= most) return std::string();
        return quoted(text) + " is not an integer from " + std::to_string(least) + " to " + std::to_string(most);
      },
      "");
}

CLI::Validator seed_number() {
  return CLI::Validator(
      [](const std::string& text) {
        std::uint64_t value = 0;
        if (parse(text, value)) return std::string();
        return quoted(text) + " is not an integer from 0 to " + std::to_string(std::numeric_limits<std::uint64_t>::max());
      },
      "");
}

CLI::Validator number_from(double least) {
  return CLI::Validator(
      [=](const std::string& text) {
        double value = 0;
        const Parsed parsed = parse_number(text, value);
        if (parsed == Parsed::too_large) return quoted(text) + " is too large for float64";
        if (parsed == Parsed::number && std::isfinite(value) && value >= least) return std::string();
        return quoted(text) + " is not a finite number of at least " + fmt::format("{}", least);
      },
      "");
}

CLI::Validator fraction_below_one() {
  return CLI::Validator(
      [](const std::string& text) {
        double value = 0;
        if (parse(text, value) && value >= 0 && value < 1) return std::string();
        return quoted(text) + " is not a number in [0, 1)";
      },
      "");
}

CLI::Validator activation_name() {
  return accepted_by([](const std::string& name) { const nn::Activation activation(name); });
}

CLI::Validator optimizer_name() {
  return accepted_by([](const std::string& name) {
    if (name == "lbfgs")
      throw std::invalid_argument("lbfgs is not supported, because it computes the loss several times per step; choose another optimizer");
    const nn::OptimizerFactory optimizer(name);
  });
}

CLI::Validator initializer_name() {
  return accepted_by([](const std::string& name) { initializer_of(name); });
}

nn::Initializer initializer_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return nn::Initializer(text);
  const std::string name = text.substr(0, colon);
  double size = 0;
  if ((name != "normal" && name != "uniform") || !parse(std::string_view(text).substr(colon + 1), size) || !std::isfinite(size) || size < 0)
    throw std::invalid_argument(quoted(text) + " is not an initializer with a parameter, such as normal:0.1 or uniform:0.05");
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
        return quoted(text) + " is not a list of layer sizes such as 128,64; each must be from 1 to " + std::to_string(kMostUnits) +
               ", with at most " + std::to_string(kMostWeights) + " weights between two layers";
      },
      "");
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::int64_t& value, const std::string& help, std::int64_t least) {
  return app.add_option(name, value, help)->type_name("COUNT")->capture_default_str()->check(whole_number(least));
}

void add_hidden_layers(CLI::App& app, std::string& units) {
  app.add_option("--layers", units, "Sizes of the hidden layers, separated by commas; \"\" for none")
      ->type_name("SIZES")
      ->capture_default_str()
      ->check(layer_sizes());
}

void add_initializer(CLI::App& app, std::string& name) {
  app.add_option("--init", name, "Initializer of the weights: he_uniform, xavier_uniform, normal:0.1 (standard deviation 0.1), ...")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(initializer_name());
}

void add_optimizer(CLI::App& app, std::string& name) {
  app.add_option("--optimizer", name, "Optimizer: adam, sgd, momentum (sgd with momentum 0.9), rmsprop, adamw, ...")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(optimizer_name());
}

void add_weight_decay(CLI::App& app, double& rate) {
  app.add_option("--weight-decay", rate, "Weight decay, as the optimizer defines it [the optimizer's default]")
      ->type_name("RATE")
      ->check(number_from(0));
}

void add_seed(CLI::App& app, std::uint64_t& seed, const std::string& help) {
  app.add_option("--seed", seed, help)->type_name("NUMBER")->capture_default_str()->check(seed_number());
}

void add_log_level(CLI::App& app, std::string& level) {
  app.add_option("--log-level", level, "Lowest level of messages to print: debug, info, warning, error or off")
      ->type_name("NAME")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warning", "error", "off"}).description(""));
  app.add_flag_callback(
      "--quiet", [&level] { level = "warning"; }, "Print warnings and errors only; same as --log-level warning");
}

// Checks OMP_NUM_THREADS, of which OpenMP would take other digits than it has if it is too large.
void check_environment() {
  const char* const text = std::getenv("OMP_NUM_THREADS");
  if (text == nullptr) return;
  for (const std::string& threads : CLI::detail::split(text, ',')) {
    int number = 0;
    if (!parse(CLI::detail::trim_copy(threads), number) || number < 1)
      throw CLI::ValidationError("OMP_NUM_THREADS",
                                 quoted(text) + " is not a number of threads from 1 to " + std::to_string(std::numeric_limits<int>::max()));
  }
}

void check_split(const char* option, double fraction, std::int64_t count, const char* examples, const char* purpose) {
  const std::int64_t taken = std::llround(fraction * static_cast<double>(count));
  if (taken > 0 && taken < count) return;
  throw std::invalid_argument(fmt::format("{} {} leaves none of the {} {} to {}; choose a {} fraction", option, fraction, count, examples,
                                          taken == 0 ? purpose : "train on", taken == 0 ? "larger" : "smaller"));
}

std::optional<int> parse_command_line(CLI::App& app, int argc, const char* const* argv) {
  app.formatter(std::make_shared<HelpFormatter>());
  try {
    app.parse(argc, argv);
    check_environment();
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << detail::printable(error.what()) << " (--help lists the options)\n";
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
