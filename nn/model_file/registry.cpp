#include "nn/model_file/registry.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "autograd/base/check.h"
#include "nn/files/json_text.h"
#include "nn/model_file/module_table.h"

namespace chainrule::nn {

namespace {

struct Registered {
  std::mutex mutex;
  std::map<std::string, ModuleType, std::less<>> types;
};

Registered& registered() {
  static Registered all;
  return all;
}

}  // namespace

std::optional<std::string> name_of_type(std::type_index type) {
  for (const BuiltInModule& known : built_in_modules())
    if (known.type == type) return std::string(known.name);
  Registered& all = registered();
  const std::lock_guard lock(all.mutex);
  for (const auto& [name, known] : all.types)
    if (known.type == type) return name;
  return std::nullopt;
}

std::optional<ModuleType> type_of_name(std::string_view name) {
  for (const BuiltInModule& known : built_in_modules())
    if (known.name == name) return ModuleType{known.type, known.make};
  Registered& all = registered();
  const std::lock_guard lock(all.mutex);
  const auto found = all.types.find(name);
  return found == all.types.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace chainrule::nn

namespace chainrule::detail {

using namespace nn;

void register_type(std::string_view name, std::type_index type, std::function<std::shared_ptr<Module>(const Config&)> make,
                   const SourceLine& line) {
  constexpr std::size_t kMostBytes = 200;
  const auto refuse = [&](const auto&... parts) { throw_invalid("register_module", text("the name ", json_quote(name), parts...), line); };
  if (name.empty() || name.size() > kMostBytes || !is_utf8(name)) refuse(", expected 1 to ", kMostBytes, " bytes of UTF-8");
  for (const BuiltInModule& known : built_in_modules()) {
    if (known.name == name) refuse(" is used by a layer of the library");
    if (known.type == type) throw_invalid("register_module", text(known.name, " is a layer of the library and already has a name"), line);
  }
  Registered& all = registered();
  const std::lock_guard lock(all.mutex);
  for (const auto& [other, known] : all.types) {
    if (other == name && known.type == type) return;
    if (other == name) refuse(" is used by another type");
    if (known.type == type) refuse(" is given to a type that is already registered as ", json_quote(other));
  }
  all.types.emplace(name, ModuleType{type, std::move(make)});
}

}  // namespace chainrule::detail
