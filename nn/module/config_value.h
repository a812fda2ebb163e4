// What a Config is made of: values as JSON has them, and Layers.
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

  /// null, or one of these; a Layer only before it is written.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Fields, nn::Layer> is;
};

struct ConfigField {
  std::string name;
  ConfigValue value;
};

/// The field of this name, or nullptr.
const ConfigValue* find_field(const ConfigValue::Fields& fields, std::string_view name) noexcept;

/// `"x"`, `1.5`, `a list`: how errors call it.
std::string words_for(const ConfigValue& value);

/// "a.b", "a[3]", `a["b c"]`.
std::string path_of_field(const std::string& path, std::string_view name);
std::string path_of_item(const std::string& path, std::size_t i);

/// What makes the modules that a file describes.
class LayerMaker {
 public:
  virtual ~LayerMaker() = default;
  LayerMaker(const LayerMaker&) = delete;
  LayerMaker& operator=(const LayerMaker&) = delete;

  /// The layer that a value at this path of the file describes.
  virtual nn::Layer make(const ConfigValue& value, const std::string& path) = 0;
  /// @throws std::runtime_error `FILE: what`.
  [[noreturn]] virtual void fail(const std::string& what) const = 0;

 protected:
  LayerMaker() = default;
};

struct ConfigState {
  ConfigValue::Fields own;                          // as they were set, or
  const ConfigValue::Fields* from = nullptr;        // those of a file
  std::string path;                                 // where in the file
  LayerMaker* maker = nullptr;                      // who reads it
  std::vector<bool> asked;                          // which fields were read
  std::vector<std::shared_ptr<ConfigState>> inner;  // Configs handed out

  /// One that reads what a file has at this path; both outlive it.
  static nn::Config reading(const ConfigValue::Fields& fields, std::string path, LayerMaker& maker);
  static ConfigState& of(const nn::Config& config) noexcept { return *config.state_; }

  const ConfigValue::Fields& fields() const noexcept { return from != nullptr ? *from : own; }
  /// The value, noted as read.
  const ConfigValue& get(std::string_view name);
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void refuse(std::string_view name, const ConfigValue& value, const std::string& expected) const;
  /// @throws std::runtime_error for a field that nobody read, here or within.
  void require_all_read() const;
};

}  // namespace chainrule::detail
