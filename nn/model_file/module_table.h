// What makes a module of each name that files know: the library's own and those registered.
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

/// The library's own.
std::span<const BuiltInModule> built_in_modules();

/// The name of a type; none if it has none.
std::optional<std::string> name_of_type(std::type_index type);

struct ModuleType {
  std::type_index type;
  std::function<std::shared_ptr<Module>(const Config&)> make;
};

/// The type of a name; none if no type has it.
std::optional<ModuleType> type_of_name(std::string_view name);

}  // namespace chainrule::nn
