// Config: what the constructor of a module needs, by name, to and from a file.
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

namespace chainrule::detail {
struct ConfigState;
}  // namespace chainrule::detail

namespace chainrule::nn {

/// Named settings of a module. Module::config() sets them for a file, and what register_module() was given reads them again:
///
///     void config(nn::Config& c) const override { c.set("width", width_).set("inner", inner_); }
///
///     nn::register_module<Residual>("Residual", [](const nn::Config& c) { return Residual(c.integer("width"), c.layer("inner")); });
///
/// All that is read throws where the file has no such field, or another kind of value there, naming the place in the file; fields that
/// nobody read are an error of the file too.
class Config {
 public:
  /// Without settings.
  Config();
  Config(Config&&) noexcept = default;
  Config& operator=(Config&&) noexcept = default;
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;
  ~Config() = default;

  /// Adds a setting and returns this. Numbers are kept exactly.
  /// @throws std::invalid_argument for a name set before, or text that is not UTF-8.
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
  /// A Layer that the module was given: one met in several places is one again after loading. members() must name it too.
  Config& set(std::string_view name, const Layer& layer);
  Config& set(std::string_view name, const std::vector<Layer>& layers);
  /// Settings within settings.
  Config& set(std::string_view name, Config settings);
  Config& set(std::string_view name, std::vector<Config> settings);

  /// Whether there is such a field: for those that a version added.
  bool has(std::string_view name) const;

  /// The field's value. @throws std::runtime_error, naming file and field, for none, one of another kind, or one beyond the bounds.
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

  /// To be called before Tensors of one's own are made in sizes that were read, so that a broken file costs no memory; the layers of the
  /// library see to theirs. @throws std::runtime_error where the file holds fewer weights than have been asked for.
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
