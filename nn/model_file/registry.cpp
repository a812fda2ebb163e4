#include "nn/model_file/registry.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "autograd/base/check.h"
#include "autograd/base/fork.h"
#include "nn/files/json_text.h"
#include "nn/model_file/module_table.h"

namespace chainrule::nn {

namespace {

constinit std::mutex registered_mutex;

// The registered types while they are locked. They are never destroyed, since destructors of static objects may load models.
class Registered {
 public:
  Registered() : lock_((detail::unlock_after_fork<registered_mutex>(), registered_mutex)) {}

  using Types = std::map<std::string, ModuleType, std::less<>>;
  Types& types() const {
    static Types& all = *new Types;
    return all;
  }

 private:
  const std::lock_guard<std::mutex> lock_;
};

}  // namespace

std::optional<std::string> name_of_type(std::type_index type) {
  for (const BuiltInModule& known : built_in_modules())
    if (known.type == type) return std::string(known.name);
  const Registered all;
  for (const auto& [name, known] : all.types())
    if (known.type == type) return name;
  return std::nullopt;
}

std::optional<ModuleType> type_of_name(std::string_view name) {
  for (const BuiltInModule& known : built_in_modules())
    if (known.name == name) return ModuleType{known.type, known.make};
  const Registered all;
  const auto found = all.types().find(name);
  return found == all.types().end() ? std::nullopt : std::optional(found->second);
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
  const Registered all;
  for (const auto& [other, known] : all.types()) {
    if (other == name && known.type == type) return;
    if (other == name) refuse(" is used by another type");
    if (known.type == type) refuse(" is given to a type that is already registered as ", json_quote(other));
  }
  all.types().emplace(name, ModuleType{type, std::move(make)});
}

}  // namespace chainrule::detail
