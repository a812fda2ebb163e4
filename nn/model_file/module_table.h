// Maps the names of layer types in model files to functions that make the layers, for the library's own layers and for registered ones.
// Internal header: not installed.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>

#include "nn/module/config.h"
#include "nn/module/module.h"

namespace chainrule::nn {

struct BuiltInModule {
  std::string_view name;
  std::type_index type;
  std::shared_ptr<Module> (*make)(const Config& config);
};

/// Returns the library's own layers.
std::span<const BuiltInModule> built_in_modules();

/// Returns the name of a type; nullopt if it has none.
std::optional<std::string> name_of_type(std::type_index type);

struct ModuleType {
  std::type_index type;
  std::function<std::shared_ptr<Module>(const Config&)> make;
};

/// Returns the type with this name; nullopt if there is none.
std::optional<ModuleType> type_of_name(std::string_view name);

}  // namespace chainrule::nn
