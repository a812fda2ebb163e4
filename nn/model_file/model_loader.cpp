#include <algorithm>
#include <map>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/base/printable.h"
#include "autograd/graph/grad_mode.h"
#include "nn/files/file_kind.h"
#include "nn/files/json_text.h"
#include "nn/model_file/model_file.h"
#include "nn/model_file/model_parser.h"
#include "nn/model_file/module_paths.h"
#include "nn/model_file/module_table.h"
#include "nn/module/keep_default_generator.h"
#include "nn/module/parameter_budget.h"

namespace chainrule::nn {

using detail::ConfigField;
using detail::ConfigState;
using detail::ConfigValue;
using detail::text;
using model_format::Content;
using model_format::Weight;

namespace {

// Makes the modules of an architecture; inner modules are made before the modules that contain them.
class Maker : public detail::LayerMaker {
 public:
  Maker(const InputFile& file, const ConfigValue::List& shared) : file_(file), shared_(shared), made_(shared.size()) {}

  Layer make(const ConfigValue& value, const std::string& path) override {
    const auto* const fields = std::get_if<ConfigValue::Fields>(&value.is);
    if (fields == nullptr) fail(text(path, " is ", detail::words_for(value), ", expected a layer"));
    const Config layer = ConfigState::reading(*fields, path, *this);
    if (layer.has("shared")) {
      const std::int64_t index = layer.integer("shared");
      ConfigState::of(layer).require_all_read();
      return shared_layer(index, path);
    }
    const std::string name = layer.string("type");
    const std::optional<ModuleType> type = type_of_name(name);
    if (!type)
      fail(text(path, ".type is ", json_quote(name),
                ", which is not a known layer type: register custom modules with register_module() first"));
    const ConfigValue::Fields none;
    const ConfigValue* settings = detail::find_field(*fields, "config");
    const Config config = settings == nullptr ? ConfigState::reading(none, path + ".config", *this) : layer.config("config");
    if (++depth_ > model_format::kMaxDepth) fail(text("layers are nested more than ", model_format::kMaxDepth, " deep"));
    Layer made = call(*type, config, path);
    --depth_;
    ConfigState::of(layer).require_all_read();
    ConfigState::of(config).require_all_read();
    return made;
  }

  /// To be called after the architecture was made: checks that every entry of "shared" was used.
  void require_all_made() const {
    for (std::size_t i = 0; i < made_.size(); ++i)
      if (!made_[i].layer) fail(text(detail::path_of_item("shared", i), " is not used"));
  }

  [[noreturn]] void fail(const std::string& what) const override { file_.fail(what); }

 private:
  // Exceptions of constructors that refuse their settings become errors of the file.
  Layer call(const ModuleType& type, const Config& config, const std::string& path) const {
    std::shared_ptr<Module> module;
    try {
      module = type.make(config);
    } catch (const std::logic_error& error) {
      fail(text(path, ": ", error.what()));
    }
    if (module == nullptr) fail(text(path, ": the registered function returned a null pointer"));
    return Layer(std::move(module));
  }

  // A shared layer is made when it is referenced for the first time, because constructors may read their settings in any order.
  Layer shared_layer(std::int64_t index, const std::string& path) {
    if (index < 0 || static_cast<std::uint64_t>(index) >= made_.size())
      fail(text(path, ".shared is ", index, ", but there are ", made_.size(), " shared layers"));
    const auto i = static_cast<std::size_t>(index);
    if (std::exchange(made_[i].is_begun, true)) {
      if (!made_[i].layer) fail(text(path, ".shared is ", index, ", which refers to a layer that contains it"));
      return *made_[i].layer;
    }
    made_[i].layer = make(shared_[i], detail::path_of_item("shared", i));
    return *made_[i].layer;
  }

  struct Made {
    bool is_begun = false;
    std::optional<Layer> layer;
  };

  const InputFile& file_;
  const ConfigValue::List& shared_;
  std::vector<Made> made_;
  std::size_t depth_ = 0;
};

std::int64_t element_count(const Content& content) {
  std::int64_t count = 0;
  for (const Weight& weight : content.weights)
    if (weight.tensor.defined() && !weight.is_repeated) count += weight.tensor.numel();
  return count;
}

// Replaces the Tensors of the modules by those of the file.
class Filler {
 public:
  Filler(const InputFile& file, Content& content) : file_(file), content_(content) {
    for (std::size_t i = 0; i < content.weights.size(); ++i) weights_.emplace(content.weights[i].path, i);
  }

  void fill(ModulePaths& paths) {
    std::vector<bool> used(content_.weights.size());
    for (const ModulePaths::TensorPath& tensor_path : paths.tensors) {
      const auto found = weights_.find(tensor_path.path);
      if (found == weights_.end()) file_.fail(text("weights has no ", json_quote(tensor_path.path), ", which the architecture has"));
      if (used[found->second]) file_.fail(text("the architecture has two tensors ", json_quote(tensor_path.path)));
      used[found->second] = true;
      put(content_.weights[found->second], tensor_path);
    }
    const auto unknown = std::find(used.begin(), used.end(), false);
    if (unknown != used.end())
      file_.fail(text("weights has ", json_quote(content_.weights[static_cast<std::size_t>(unknown - used.begin())].path),
                      ", which the architecture does not have"));
  }

 private:
  void put(Weight& weight, const ModulePaths::TensorPath& tensor_path) const {
    const auto kind = [](const Tensor& tensor) { return text(tensor.dtype(), " ", tensor.shape()); };
    const Tensor& wanted = *tensor_path.tensor;
    const bool both_floating = is_floating(weight.tensor.dtype()) && is_floating(wanted.dtype());
    if (weight.tensor.shape() != wanted.shape() || (weight.tensor.dtype() != wanted.dtype() && !both_floating))
      file_.fail(text(detail::path_of_field("weights", weight.path), " is ", kind(weight.tensor), ", expected ", kind(wanted)));
    if (!weight.is_repeated) {
      const bool requires_grad = weight.given_requires_grad ? weight.requires_grad : tensor_path.is_parameter;
      if (requires_grad && !is_floating(weight.tensor.dtype()))
        file_.fail(text(detail::path_of_field("weights", weight.path), ".requires_grad is true for int64, which has no gradient"));
      weight.tensor.set_requires_grad(requires_grad);
      if (!weight.name.empty()) weight.tensor.set_name(weight.name);
    }
    *tensor_path.tensor = weight.tensor;
  }

  const InputFile& file_;
  Content& content_;
  std::map<std::string_view, std::size_t> weights_;
};

// Sets the names and modes of the modules.
void set_modules(const InputFile& file, Maker& maker, const ConfigValue::Fields& entries, ModulePaths& paths) {
  std::map<std::string_view, const ConfigField*> given;
  for (const ConfigField& entry : entries) given.emplace(entry.name, &entry);
  for (const ModulePaths::ModulePath& each : paths.modules) {
    ModuleFile::set_training(*each.module, &each == &paths.modules.front() || ModuleFile::training(*paths.modules[each.outer].module));
    const auto found = given.find(each.path);
    if (found == given.end()) continue;
    const std::string path = detail::path_of_field("modules", each.path);
    const ConfigValue& value = found->second->value;
    const auto* const fields = std::get_if<ConfigValue::Fields>(&value.is);
    if (fields == nullptr) file.fail(text(path, " is ", detail::words_for(value), ", expected an object"));
    const Config entry = ConfigState::reading(*fields, path, maker);
    if (entry.has("name")) each.module->set_name(entry.string("name"));
    if (entry.has("training")) ModuleFile::set_training(*each.module, entry.boolean("training"));
    ConfigState::of(entry).require_all_read();
    given.erase(found);
  }
  for (const ConfigField& entry : entries)
    if (given.contains(entry.name)) file.fail(text("modules has ", json_quote(entry.name), ", which the architecture does not have"));
}

Layer load(const InputFile& file) {
  // Some room for modules whose constructor makes Tensors that it then replaces, for example to tie two weights.
  constexpr std::int64_t kSpare = 1'000'000;
  const NoGrad no_grad;
  refuse_other_kind(file, FileKind::model, "a model written by nn::save_model()");
  Content content = parse_model(file);
  Maker maker(file, content.shared);
  const Layer layer = [&] {
    const KeepDefaultGenerator keeps;
    const ParameterBudget budget(element_count(content) + kSpare);
    Layer made = maker.make(content.architecture, "architecture");
    maker.require_all_made();
    return made;
  }();
  ModulePaths paths(*layer);
  Filler(file, content).fill(paths);
  set_modules(file, maker, content.modules, paths);
  return layer;
}

}  // namespace

Layer load_model(const std::string& path, SourceLine line) {
  const CallerScope caller(line);
  const InputFile file(path);
  std::string what;
  try {
    return file.within_memory([&] { return load(file); });
  } catch (const std::exception& error) {
    // Exceptions of custom modules do not name the file.
    if (std::string_view(error.what()).starts_with(detail::printable(file.name()) + ": ") &&
        dynamic_cast<const std::runtime_error*>(&error) != nullptr)
      throw;
    what = error.what();
  }
  file.fail(what);
}

}  // namespace chainrule::nn
