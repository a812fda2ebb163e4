// The settings of a Model in a file: its layers, and which layer is called on which values.
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "autograd/base/check.h"
#include "nn/files/file_error.h"
#include "nn/files/json_text.h"
#include "nn/graph/model.h"
#include "nn/model_file/model_file.h"
#include "nn/module/config.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

template <class... Parts>
[[noreturn]] void refuse(const Parts&... parts) {
  throw_invalid("Model", text(parts...), SourceLine::current());
}

// Checks that names are unique and have no dot, because paths and errors identify layers by name.
class Names {
 public:
  const std::string& take(std::string name) {
    if (name.empty() || name.find('.') != std::string::npos) refuse("a name is ", json_quote(name), ", expected one without a dot");
    const auto [entry, is_new] = taken_.insert(std::move(name));
    if (!is_new) refuse("the name ", json_quote(*entry), " is given twice");
    return *entry;
  }

 private:
  std::set<std::string> taken_;
};

std::size_t checked_value(std::int64_t value, std::size_t count) {
  if (value < 0 || static_cast<std::uint64_t>(value) >= count)
    refuse("value ", value, " does not exist: only ", count, count == 1 ? " value is" : " values are", " known at this point");
  return static_cast<std::size_t>(value);
}

std::vector<std::int64_t> as_integers(const std::vector<std::size_t>& values) { return {values.begin(), values.end()}; }

}  // namespace

void Model::config(Config& config) const {
  std::vector<Config> inputs, layers, calls;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Config& input = inputs.emplace_back();
    input.set("name", input_names_[i]).set("shape", inputs_[i].shape()).set("dtype", inputs_[i].dtype());
  }
  for (const NamedLayer& entry : layers_) layers.emplace_back().set("name", entry.name).set("layer", entry.layer);
  for (const ModelCall& call : calls_) {
    std::vector<Config> results;
    for (std::size_t i = 0; i < call.shapes.size(); ++i) results.emplace_back().set("shape", call.shapes[i]).set("dtype", call.dtypes[i]);
    calls.emplace_back().set("layer", layers_[call.layer].name).set("inputs", as_integers(call.inputs)).set("results", std::move(results));
  }
  config.set("inputs", std::move(inputs)).set("layers", std::move(layers)).set("calls", std::move(calls));
  config.set("outputs", as_integers(output_values_));
}

Model Model::from_config(const Config& config) {
  Names names;
  std::vector<std::string> input_names;
  std::vector<Symbol> inputs, values;
  for (const Config& each : config.configs("inputs")) {
    input_names.push_back(names.take(each.string("name")));
    inputs.push_back(input(each.shape("shape"), {.name = input_names.back(), .dtype = each.dtype("dtype")}));
  }
  std::map<std::string, Layer> layers;
  std::map<const Module*, std::string> layer_names;
  for (const Config& each : config.configs("layers")) {
    const std::string& name = names.take(each.string("name"));
    const Layer layer = each.layer("layer");
    layers.emplace(name, layer);
    if (!layer_names.emplace(&*layer, name).second) refuse("the layer ", json_quote(name), " is listed twice");
  }

  values = inputs;
  const std::vector<Config> calls = config.configs("calls");
  for (const Config& each : calls) {
    const std::string name = each.string("layer");
    const auto found = layers.find(name);
    if (found == layers.end()) refuse("a call names the layer ", json_quote(name), ", which does not exist");
    const Layer& layer = found->second;
    std::vector<Symbol> taken;
    for (const std::int64_t value : each.integers("inputs")) taken.push_back(values[checked_value(value, values.size())]);
    std::vector<Shape> shapes;
    std::vector<DType> dtypes;
    for (const Config& result : each.configs("results")) {
      shapes.push_back(result.shape("shape"));
      dtypes.push_back(result.dtype("dtype"));
      bool fits = shapes.back().rank() < Shape::kMaxRank;
      for (const std::int64_t size : shapes.back()) fits = fits && size >= 0;
      if (!fits) refuse("a result of the layer ", json_quote(name), " has shape ", shapes.back());
    }
    if (taken.size() != layer->input_count() || shapes.size() != layer->output_count())
      refuse("the layer ", json_quote(name), " has ", layer->input_count(), " inputs and ", layer->output_count(),
             " outputs, but is called with ", taken.size(), " inputs for ", shapes.size(), " outputs");
    for (Symbol& symbol : Symbol::of_known_call(layer, taken, std::move(shapes), std::move(dtypes), SourceLine::current()))
      values.push_back(std::move(symbol));
  }
  std::vector<Symbol> outputs;
  for (const std::int64_t value : config.integers("outputs")) outputs.push_back(values[checked_value(value, values.size())]);

  Model model(inputs, outputs);
  if (model.layers_.size() != layers.size() || model.calls_.size() != calls.size())
    refuse("there are ", layers.size(), " layers and ", calls.size(), " calls, but the outputs depend on only ", model.layers_.size(),
           " and ", model.calls_.size());
  model.input_names_ = std::move(input_names);
  for (NamedLayer& entry : model.layers_) entry.name = layer_names.at(&*entry.layer);
  return model;
}

void Model::save(const std::string& path, SourceLine line) const { save_model(*this, path, line); }

Model Model::load(const std::string& path, SourceLine line) {
  const Layer loaded = load_model(path, line);
  auto* const model = dynamic_cast<Model*>(loaded.shared().get());
  if (model == nullptr) throw_file_error(path, text("holds ", loaded->describe(), ", expected a Model: nn::load_model() reads any module"));
  return std::move(*model);
}

}  // namespace chainrule::nn
