#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

#include "autograd/base/check.h"
#include "autograd/graph/grad_mode.h"
#include "nn/files/json_text.h"
#include "nn/files/write_file.h"
#include "nn/model_file/model_file.h"
#include "nn/model_file/model_format.h"
#include "nn/model_file/module_paths.h"
#include "nn/model_file/module_table.h"

namespace chainrule::nn {

using detail::ConfigField;
using detail::ConfigState;
using detail::ConfigValue;
using detail::text;
using detail::throw_misuse;

namespace {

using Write = std::function<void(std::string_view)>;

// The architecture of a module as values without Layers, in which each layer is described once.
class Architecture {
 public:
  Architecture(const ModulePaths& paths, const SourceLine& line) : line_(line) {
    for (const ModulePaths::ModulePath& each : paths.modules) paths_.emplace(each.module, each.path);
  }

  ConfigValue of(const Module& root) {
    visit(root);
    return value_of(root);
  }
  /// Returns the layers that occur in several places. Call it after of().
  ConfigValue shared() { return {std::move(shared_)}; }

 private:
  struct Met {
    std::string type;
    ConfigValue::Fields settings;
    std::size_t uses = 0;
    std::optional<std::size_t> shared_index;  // position in shared_
    bool is_complete = false;
  };

  std::string name_of(const Module& module) const {
    const auto path = paths_.find(&module);
    const bool is_root = path != paths_.end() && path->second.empty();
    return path == paths_.end() || is_root ? module.describe() : text(path->second, " (", module.describe(), ")");
  }

  void visit(const Module& module) {
    const auto [entry, is_new] = met_.try_emplace(&module);
    Met& met = entry->second;
    ++met.uses;
    if (!is_new) {
      if (!met.is_complete)
        throw_misuse("save_model", name_of(module) + ": its config() sets the module itself or a layer that contains it", line_);
      return;
    }
    if (++depth_ > model_format::kMaxDepth)
      throw_misuse("save_model", text("layers are nested more than ", model_format::kMaxDepth, " deep"), line_);
    if (!paths_.contains(&module))
      throw_misuse("save_model", text("config() sets a layer, ", module.describe(), ", that members() does not name"), line_);
    Config config;
    {
      const std::pair<Architecture*, const Module*> in_error(this, &module);
      const ErrorPathScope place(&in_error, [](const void* object) {
        const auto& [self, of] = *static_cast<const std::pair<Architecture*, const Module*>*>(object);
        return self->name_of(*of);
      });
      ModuleFile::config(module, config);
    }
    const std::optional<std::string> type = name_of_type(typeid(module));
    if (!type)
      throw_misuse("save_model",
                   text(name_of(module), ": its type is not registered: call nn::register_module<", module.Module::describe(), ">(\"",
                        module.Module::describe(), "\", ...) and set the arguments of its constructor in config()"),
                   line_);
    met.type = *type;
    met.settings = std::move(ConfigState::of(config).own);
    for (const ConfigField& field : met.settings) visit_layers(field.value);
    met.is_complete = true;
    --depth_;
  }

  void visit_layers(const ConfigValue& value) {
    if (const auto* layer = std::get_if<Layer>(&value.is)) visit(**layer);
    if (const auto* list = std::get_if<ConfigValue::List>(&value.is))
      for (const ConfigValue& item : *list) visit_layers(item);
    if (const auto* fields = std::get_if<ConfigValue::Fields>(&value.is))
      for (const ConfigField& field : *fields) visit_layers(field.value);
  }

  ConfigValue value_of(const Module& module) {
    Met& met = met_.at(&module);
    if (met.uses == 1) return definition_of(met);
    if (!met.shared_index) {
      met.shared_index = shared_.size();
      shared_.emplace_back();
      ConfigValue definition = definition_of(met);
      shared_[*met.shared_index] = std::move(definition);
    }
    return {ConfigValue::Fields{{"shared", {static_cast<std::int64_t>(*met.shared_index)}}}};
  }

  ConfigValue definition_of(Met& met) {
    ConfigValue::Fields fields;
    fields.push_back({"type", {met.type}});
    if (!met.settings.empty()) fields.push_back({"config", without_layers({std::move(met.settings)})});
    return {std::move(fields)};
  }

  ConfigValue without_layers(ConfigValue value) {
    if (const auto* layer = std::get_if<Layer>(&value.is)) return value_of(**layer);
    if (auto* list = std::get_if<ConfigValue::List>(&value.is))
      for (ConfigValue& item : *list) item = without_layers(std::move(item));
    if (auto* fields = std::get_if<ConfigValue::Fields>(&value.is))
      for (ConfigField& field : *fields) field.value = without_layers(std::move(field.value));
    return value;
  }

  const SourceLine& line_;
  std::map<const Module*, std::string> paths_;
  std::map<const Module*, Met> met_;
  ConfigValue::List shared_;
  std::size_t depth_ = 0;
};

ConfigValue::Fields settings_of(const ModulePaths& paths) {
  ConfigValue::Fields entries;
  for (const ModulePaths::ModulePath& each : paths.modules) {
    ConfigValue::Fields fields;
    fields.reserve(2);
    if (!each.module->name().empty()) fields.push_back({"name", {each.module->name()}});
    const bool outer = &each == &paths.modules.front() || ModuleFile::training(*paths.modules[each.outer].module);
    if (ModuleFile::training(*each.module) != outer) fields.push_back({"training", {!outer}});
    if (!fields.empty()) entries.push_back({each.path, {std::move(fields)}});
  }
  return entries;
}

// Checks the limits of the format, counting in the same way as the reader.
class Limits {
 public:
  explicit Limits(const SourceLine& line) : line_(line) {}

  void count(const ConfigValue& value, std::size_t depth) {
    if (++values_ > model_format::kMaxValues)
      throw_misuse("save_model", text("the model has more than ", model_format::kMaxValues, " settings"), line_);
    if (depth > model_format::kMaxDepth)
      throw_misuse("save_model", text("layers are nested too deep: more than ", model_format::kMaxDepth, " lists and objects"), line_);
    if (const auto* words = std::get_if<std::string>(&value.is)) count(*words);
    if (const auto* list = std::get_if<ConfigValue::List>(&value.is))
      for (const ConfigValue& item : *list) count(item, depth + 1);
    if (const auto* fields = std::get_if<ConfigValue::Fields>(&value.is)) {
      for (const ConfigField& field : *fields) {
        count(field.name);
        count(field.value, depth + 1);
      }
    }
  }

  void count(const std::string& words) {
    constexpr std::size_t kMostEscaped = 6;  // the most bytes that JSON needs for one byte of text
    text_bytes_ += words.size();
    if (words.size() > model_format::kMaxTokenBytes / kMostEscaped || text_bytes_ > model_format::kMaxTextBytes / 2)
      throw_misuse("save_model", "names and strings are too long", line_);
    if (!is_utf8(words)) throw_misuse("save_model", text("the text ", json_quote(words), " is not UTF-8"), line_);
  }

 private:
  const SourceLine& line_;
  std::size_t values_ = 0, text_bytes_ = 0;
};

void append_line(std::string& out, const ConfigValue& value) {
  const auto comma = [&](bool is_first) { out += is_first ? "" : ", "; };
  if (std::holds_alternative<std::monostate>(value.is)) out += "null";
  if (const auto* flag = std::get_if<bool>(&value.is)) out += *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value.is)) append_json_number(out, *integer);
  if (const auto* number = std::get_if<double>(&value.is)) append_json_number(out, *number);
  if (const auto* words = std::get_if<std::string>(&value.is)) out += json_string(*words);
  if (const auto* list = std::get_if<ConfigValue::List>(&value.is)) {
    out += "[";
    for (const ConfigValue& item : *list) {
      comma(&item == &list->front());
      append_line(out, item);
    }
    out += "]";
  }
  if (const auto* fields = std::get_if<ConfigValue::Fields>(&value.is)) {
    out += "{";
    for (const ConfigField& field : *fields) {
      comma(&field == &fields->front());
      out += json_string(field.name) + ": ";
      append_line(out, field.value);
    }
    out += "}";
  }
}

// Appends the value on one line if it is short enough, otherwise on several lines.
void append_json(std::string& out, const ConfigValue& value, std::size_t indent) {
  constexpr std::size_t kLineLength = 120;
  std::string line;
  append_line(line, value);
  const auto* list = std::get_if<ConfigValue::List>(&value.is);
  const auto* fields = std::get_if<ConfigValue::Fields>(&value.is);
  if (indent + line.size() <= kLineLength || (list == nullptr && fields == nullptr)) {
    out += line;
    return;
  }
  const std::string inner(indent + 2, ' ');
  out += list != nullptr ? "[" : "{";
  for (std::size_t i = 0; i < (list != nullptr ? list->size() : fields->size()); ++i) {
    out += (i == 0 ? "\n" : ",\n") + inner;
    if (fields != nullptr) out += json_string((*fields)[i].name) + ": ";
    append_json(out, list != nullptr ? (*list)[i] : (*fields)[i].value, indent + 2);
  }
  out += "\n" + std::string(indent, ' ') + (list != nullptr ? "]" : "}");
}

template <class T>
void write_values(const Write& write, const Tensor& tensor) {
  constexpr std::size_t kPieceBytes = 1 << 16;
  std::string piece;
  bool is_first = true;
  for (const T value : tensor.data<T>()) {
    if (!std::exchange(is_first, false)) piece += ", ";
    append_json_number(piece, value);
    if (piece.size() < kPieceBytes) continue;
    write(piece);
    piece.clear();
  }
  write(piece);
}

void write_weight(const Write& write, const ModulePaths::TensorPath& tensor_path) {
  const Tensor& tensor = *tensor_path.tensor;
  std::string head = text("{\"dtype\": \"", tensor.dtype(), "\", \"shape\": ", tensor.shape());
  if (tensor.requires_grad() != tensor_path.is_parameter)
    head += text(", \"requires_grad\": ", tensor_path.is_parameter ? "false" : "true");
  if (!tensor.name().empty()) head += ", \"name\": " + json_string(tensor.name());
  write(head + ", \"values\": [");
  if (tensor.dtype() == DType::float32) {
    write_values<float>(write, tensor);
  } else if (tensor.dtype() == DType::float64) {
    write_values<double>(write, tensor);
  } else {
    write_values<std::int64_t>(write, tensor);
  }
  write("]}");
}

void write_weights(const Write& write, const ModulePaths& paths) {
  write("{");
  std::unordered_map<const void*, std::size_t> first_places;  // by Tensor::id()
  for (std::size_t i = 0; i < paths.tensors.size(); ++i) {
    const ModulePaths::TensorPath& tensor_path = paths.tensors[i];
    write(text(i == 0 ? "\n    " : ",\n    ", json_string(tensor_path.path), ": "));
    const std::size_t first = first_places.emplace(tensor_path.tensor->id(), i).first->second;
    if (first == i) {
      write_weight(write, tensor_path);
    } else {
      write(text("{\"same_as\": ", json_string(paths.tensors[first].path), "}"));
    }
  }
  write(paths.tensors.empty() ? "}" : "\n  }");
}

void check_weights(const ModulePaths& paths, Limits& limits, const SourceLine& line) {
  if (paths.tensors.size() > model_format::kMaxTensors)
    throw_misuse("save_model", text("the model has more than ", model_format::kMaxTensors, " tensors"), line);
  std::set<std::string_view> unique;
  for (const ModulePaths::TensorPath& tensor_path : paths.tensors) {
    limits.count(tensor_path.path);
    limits.count(tensor_path.tensor->name());
    if (!unique.insert(tensor_path.path).second)
      throw_misuse("save_model", text("two tensors have the path ", json_quote(tensor_path.path)), line);
  }
}

}  // namespace

void save_model(const Module& module, const std::string& path, SourceLine line) {
  const CallerScope caller(line);
  const NoGrad no_grad;
  const ModulePaths paths(const_cast<Module&>(module));  // safe: members() only reports the members
  for (const ModulePaths::ModulePath& each : paths.modules) {
    if (each.module->is_open())
      throw_misuse("save_model",
                   text(each.path, each.path.empty() ? "" : " (", each.module->describe(), each.path.empty() ? "" : ")",
                        ": the input size is not known: call build() with the shape of one example"),
                   line);
  }
  Architecture layers(paths, line);
  const ConfigValue architecture = layers.of(module), shared = layers.shared();
  const ConfigValue modules = {settings_of(paths)};
  Limits limits(line);
  limits.count(architecture, 1);
  limits.count(shared, 1);
  limits.count(modules, 1);
  check_weights(paths, limits, line);

  std::string head = text("{\n  \"format\": ", json_string(model_format::kFormat), ",\n  \"version\": ", model_format::kVersion);
  head += ",\n  \"architecture\": ";
  append_json(head, architecture, 2);
  if (!std::get<ConfigValue::List>(shared.is).empty()) {
    head += ",\n  \"shared\": ";
    append_json(head, shared, 2);
  }
  if (!std::get<ConfigValue::Fields>(modules.is).empty()) {
    head += ",\n  \"modules\": ";
    append_json(head, modules, 2);
  }
  head += ",\n  \"weights\": ";
  write_whole_file(path, [&](const Write& write) {
    write(head);
    write_weights(write, paths);
    write("\n}\n");
  });
}

}  // namespace chainrule::nn
