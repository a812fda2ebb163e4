// The representation of a Config: values as in JSON, plus Layers.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nn/module/config.h"

namespace chainrule::detail {

struct ConfigField;

struct ConfigValue {
  using List = std::vector<ConfigValue>;
  using Fields = std::vector<ConfigField>;

  /// The value; std::monostate stands for null. Layers occur only until the Config is written to a file.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Fields, nn::Layer> is;
};

struct ConfigField {
  std::string name;
  ConfigValue value;
};

/// Returns the field of this name, or nullptr.
const ConfigValue* find_field(const ConfigValue::Fields& fields, std::string_view name) noexcept;

/// Returns a description of the value for error messages: `"x"`, `1.5`, `a list`.
std::string words_for(const ConfigValue& value);

/// Returns the path of a field or a list item within a file: "a.b", `a["b c"]`, "a[3]".
std::string path_of_field(const std::string& path, std::string_view name);
std::string path_of_item(const std::string& path, std::size_t i);

/// Makes the modules that a file describes.
class LayerMaker {
 public:
  virtual ~LayerMaker() = default;
  LayerMaker(const LayerMaker&) = delete;
  LayerMaker& operator=(const LayerMaker&) = delete;

  /// Returns the layer that `value` describes. `path` is the place of the value in the file.
  virtual nn::Layer make(const ConfigValue& value, const std::string& path) = 0;
  /// Throws std::runtime_error `FILE: what`.
  [[noreturn]] virtual void fail(const std::string& what) const = 0;

 protected:
  LayerMaker() = default;
};

struct ConfigState {
  ConfigValue::Fields own;                          // the fields added by set(); unused when reading from a file
  const ConfigValue::Fields* from = nullptr;        // the fields of a file, when reading from one
  std::string path;                                 // the place of the fields in the file
  LayerMaker* maker = nullptr;                      // makes the layers that the fields describe
  std::vector<bool> asked;                          // for each field of the file, whether it was read
  std::vector<std::shared_ptr<ConfigState>> inner;  // nested Configs that were returned to the user

  /// Returns a Config that reads the fields at this path of a file. `fields` and `maker` must outlive it.
  static nn::Config reading(const ConfigValue::Fields& fields, std::string path, LayerMaker& maker);
  static ConfigState& of(const nn::Config& config) noexcept { return *config.state_; }

  const ConfigValue::Fields& fields() const noexcept { return from != nullptr ? *from : own; }
  /// Returns the value of a field and marks it as read.
  const ConfigValue& get(std::string_view name);
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void refuse(std::string_view name, const ConfigValue& value, const std::string& expected) const;
  /// @throws std::runtime_error if a field of this Config or of a nested one was not read.
  void require_all_read() const;
};

}  // namespace chainrule::detail
