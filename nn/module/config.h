// Config: the constructor arguments of a module as named settings, for model files.
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/base/dtype.h"
#include "autograd/base/shape.h"
#include "nn/module/layer.h"

#pragma GCC visibility push(default)
namespace chainrule::detail {
struct ConfigState;
}  // namespace chainrule::detail

namespace chainrule::nn {

/// Named settings of a module. save_model() calls Module::config() to get them; load_model() passes them to the function that was given to
/// register_module(), which reads them:
///
///     void config(nn::Config& c) const override { c.set("width", width_).set("inner", inner_); }
///
///     nn::register_module<Residual>("Residual", [](const nn::Config& c) { return Residual(c.integer("width"), c.layer("inner")); });
///
/// The functions that read a setting throw if the setting is missing or of another type; the message names its place in the file. After
/// loading, settings in the file that were not read are reported as an error too.
class Config {
 public:
  /// Makes a Config without settings.
  Config();
  /// Configs can be moved, but not copied.
  Config(Config&&) noexcept = default;
  /// Configs can be moved, but not copied.
  Config& operator=(Config&&) noexcept = default;
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;
  ~Config() = default;

  /// Adds a setting and returns *this. Numbers are stored exactly.
  /// @throws std::invalid_argument if the name was set before, or if the name or a text is not UTF-8.
  /// @{
  template <std::same_as<bool> B>
  Config& set(std::string_view name, B value) {
    return set_boolean(name, value);
  }
  template <std::integral I>
  requires(!std::same_as<I, bool>) Config& set(std::string_view name, I value) { return set_integer(name, Dim(value)); }
  template <std::floating_point F>
  Config& set(std::string_view name, F value) {
    return set_number(name, static_cast<double>(value));
  }
  Config& set(std::string_view name, std::string_view text);
  Config& set(std::string_view name, const char* text) { return set(name, std::string_view(text)); }
  Config& set(std::string_view name, const std::string& text) { return set(name, std::string_view(text)); }
  Config& set(std::string_view name, DType dtype);
  Config& set(std::string_view name, const Shape& shape);
  Config& set(std::string_view name, const std::vector<std::int64_t>& integers);
  Config& set(std::string_view name, const std::vector<double>& numbers);
  /// @}

  /// Adds a setting that is a Layer, or a list of Layers, that the module received in its constructor. members() must report these Layers
  /// too. A Layer that occurs in several places of a model is a single one again after loading.
  /// @throws std::invalid_argument if the name was set before or is not UTF-8.
  /// @{
  Config& set(std::string_view name, const Layer& layer);
  Config& set(std::string_view name, const std::vector<Layer>& layers);
  /// @}

  /// Adds a setting that is itself a set of named settings, or a list of them.
  /// @throws std::invalid_argument if the name was set before or is not UTF-8.
  /// @{
  Config& set(std::string_view name, Config settings);
  Config& set(std::string_view name, std::vector<Config> settings);
  /// @}

  /// Returns true if there is a setting of this name. Use it for settings that older files do not have.
  bool has(std::string_view name) const;

  /// Returns the value of a setting. integer() also checks that the value lies in [low, high]. number() accepts integers too. layer() and
  /// layers() make the modules that the file describes.
  /// @throws std::runtime_error, with the file and the place in it, if the setting is missing, has another type or is out of bounds. For a
  /// Config that does not come from a file, the exception is std::invalid_argument.
  /// @{
  bool boolean(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
  double number(std::string_view name) const;
  std::string string(std::string_view name) const;
  DType dtype(std::string_view name) const;
  Shape shape(std::string_view name) const;
  std::vector<std::int64_t> integers(std::string_view name) const;
  std::vector<double> numbers(std::string_view name) const;
  Layer layer(std::string_view name) const;
  std::vector<Layer> layers(std::string_view name) const;
  Config config(std::string_view name) const;
  std::vector<Config> configs(std::string_view name) const;
  /// @}

  /// Checks that the file holds enough weights for a Tensor of this shape. Call it before you allocate a Tensor whose size was read from
  /// the file, so that a corrupt file cannot exhaust the memory. The library's own layers do so. It has no effect outside load_model().
  /// @throws std::invalid_argument if the claims exceed the number of weights in the file by more than a million elements; load_model()
  /// turns it into a std::runtime_error.
  void claim(const Shape& shape) const;

 private:
  friend struct detail::ConfigState;
  explicit Config(std::shared_ptr<detail::ConfigState> state) noexcept : state_(std::move(state)) {}

  Config& set_boolean(std::string_view name, bool value);
  Config& set_integer(std::string_view name, std::int64_t value);
  Config& set_number(std::string_view name, double value);

  std::shared_ptr<detail::ConfigState> state_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
