#include "nn/graph/model.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "autograd/base/check.h"
#include "nn/files/ascii.h"
#include "nn/graph/summary.h"
#include "nn/train/trainer.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

namespace {

std::size_t checked_count(const SymbolList& symbols, const char* what, const SourceLine& line) {
  if (symbols.size() == 0) throw_invalid("Model", text("got no ", what, ", expected at least 1"), line);
  return symbols.size();
}

// "dense" for "Dense 784 -> 128", "batch_norm" for "BatchNorm 64", "re_lu" for "ReLU": the way in which Keras makes names from types.
std::string automatic_name(const std::string& description) {
  const auto at = [&](std::size_t i) { return i < description.size() ? description[i] : '\0'; };
  std::string name;
  for (std::size_t i = 0; is_alphanumeric(at(i)) || at(i) == '_'; ++i) {
    const bool starts = is_upper(at(i)) && i > 0 && (is_lower(at(i - 1)) || is_lower(at(i + 1)));
    if (starts && name.back() != '_') name += '_';
    name += to_lower(at(i));
  }
  return name.empty() ? "layer" : name;
}

std::string batch_of(const Shape& example) {
  std::string sizes = "[n";
  for (const std::int64_t size : example) sizes += text(", ", size);
  return sizes + "]";
}

}  // namespace

Model::Model(const SymbolList& inputs, const SymbolList& outputs, SourceLine line)
    : MultiModule(checked_count(inputs, "inputs", line), checked_count(outputs, "outputs", line), line),
      inputs_(inputs.symbols()),
      outputs_(outputs.symbols()) {
  order(line);
  choose_names(line);
  find_last_uses();
}

void Model::order(const SourceLine& line) {
  std::map<const void*, std::size_t> first_value;  // the number of the first result of each call met so far
  std::set<const void*> used;
  for (const Symbol& input : inputs_) {
    if (input.layer() != nullptr)
      throw_invalid("Model",
                    text("the input ", input.describe(), " of ", line_text(input.line()),
                         " is the result of a layer, expected an input made by input()"),
                    line);
    if (!first_value.emplace(input.call_id(), value_count_++).second)
      throw_invalid("Model", text(input.describe(), " of ", line_text(input.line()), " is listed twice"), line);
  }

  // Depth-first search with an explicit stack, because graphs may be deep. A call is added after all calls that it depends on.
  struct Visit {
    const Symbol* symbol;
    std::size_t next_input;
  };
  std::map<const Module*, std::size_t> known_layers;
  std::vector<std::size_t> calls_of_layer;
  std::vector<Visit> visits;
  for (std::size_t k = 0; k < outputs_.size(); ++k) {
    visits.push_back({&outputs_[k], 0});
    while (!visits.empty()) {
      const Symbol& symbol = *visits.back().symbol;
      const std::vector<Symbol>& from = symbol.inputs();
      if (first_value.contains(symbol.call_id())) {
        if (symbol.layer() == nullptr) used.insert(symbol.call_id());
        visits.pop_back();
        continue;
      }
      if (symbol.layer() == nullptr)
        throw_invalid("Model",
                      text("the output ", outputs_[k].describe(), " depends on ", symbol.describe(), " of ", line_text(symbol.line()),
                           ", which is not among the inputs"),
                      line);
      if (visits.back().next_input < from.size()) {
        visits.push_back({&from[visits.back().next_input++], 0});
        continue;
      }
      const Layer& layer = *symbol.layer();
      const std::size_t index = known_layers.emplace(&*layer, layers_.size()).first->second;
      if (index == layers_.size()) {
        layers_.push_back({"", layer});
        calls_of_layer.push_back(0);
      }
      std::vector<std::size_t> values;
      for (const Symbol& input : from) values.push_back(first_value.at(input.call_id()) + input.output());
      calls_.push_back({index, calls_of_layer[index]++, std::move(values), value_count_, symbol.call_shapes(), symbol.call_dtypes()});
      first_value.emplace(symbol.call_id(), value_count_);
      value_count_ += symbol.call_shapes().size();
      visits.pop_back();
    }
    output_values_.push_back(first_value.at(outputs_[k].call_id()) + outputs_[k].output());
  }
  for (const Symbol& input : inputs_) {
    if (!used.contains(input.call_id()))
      throw_invalid("Model", text(input.describe(), " of ", line_text(input.line()), " is not used: no output depends on it"), line);
  }
}

void Model::choose_names(const SourceLine& line) {
  std::map<std::string, std::string> taken;  // the names in use, and what has them
  const auto take = [&](const std::string& name, const std::string& what) {
    if (name.empty()) return;
    if (name.find('.') != std::string::npos)
      throw_invalid("Model", text("the name \"", name, "\" of ", what, " has a dot, which separates the names in a path"), line);
    const auto [entry, is_new] = taken.emplace(name, what);
    if (!is_new) throw_invalid("Model", text("the name \"", name, "\" is given to both ", entry->second, " and ", what), line);
  };
  for (const Symbol& input : inputs_) take(input.name(), text("the input of shape ", input.shape()));
  for (const NamedLayer& entry : layers_) take(entry.layer->name(), entry.layer->describe());

  std::map<std::string, std::size_t> counts;
  const auto choose = [&](const std::string& given, const std::string& base) {
    if (!given.empty()) return given;
    while (true) {
      const std::size_t count = counts[base]++;
      std::string name = count == 0 ? base : text(base, "_", count);
      if (taken.emplace(name, "").second) return name;
    }
  };
  for (const Symbol& input : inputs_) input_names_.push_back(choose(input.name(), "input"));
  for (NamedLayer& entry : layers_) entry.name = choose(entry.layer->name(), automatic_name(entry.layer->describe()));
}

void Model::find_last_uses() {
  constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> last_use(value_count_, kNever);
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    for (const std::size_t value : calls_[i].inputs) last_use[value] = i;
    for (std::size_t k = 0; k < calls_[i].shapes.size(); ++k) last_use[calls_[i].output + k] = i;
  }
  for (const std::size_t value : output_values_) last_use[value] = kNever;
  last_uses_.resize(calls_.size());
  for (std::size_t value = 0; value < value_count_; ++value)
    if (last_use[value] != kNever) last_uses_[last_use[value]].push_back(value);
}

std::vector<Tensor> Model::forward_many(const std::vector<Tensor>& inputs) const {
  check(inputs);
  std::vector<Tensor> values(value_count_);
  std::copy(inputs.begin(), inputs.end(), values.begin());
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const ModelCall& call = calls_[i];
    const Layer& layer = layers_[call.layer].layer;
    if (call.inputs.size() == 1 && call.shapes.size() == 1) {
      values[call.output] = layer(values[call.inputs[0]]);
    } else {
      std::vector<Tensor> taken;
      for (const std::size_t value : call.inputs) taken.push_back(values[value]);
      std::vector<Tensor> results = layer(taken);
      std::move(results.begin(), results.end(), values.begin() + static_cast<std::ptrdiff_t>(call.output));
    }
    for (const std::size_t value : last_uses_[i]) values[value] = Tensor();
  }
  std::vector<Tensor> outputs;
  for (const std::size_t value : output_values_) outputs.push_back(values[value]);
  return outputs;
}

void Model::check(const std::vector<Tensor>& inputs) const {
  const SourceLine line = SourceLine::current();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& x = inputs[i];
    const auto complain = [&](const auto&... parts) {
      throw_invalid("forward", text("input \"", input_names_[i], "\" got ", parts...), line);
    };
    if (!x.defined()) complain("an undefined tensor");
    const Shape shape = x.shape(), &example = inputs_[i].shape();
    if (shape.rank() != example.rank() + 1 || !std::equal(example.begin(), example.end(), shape.begin() + 1))
      complain(shape, ", expected ", batch_of(example));
    if (!takes(x.dtype(), inputs_[i])) complain(x.dtype(), ", expected ", inputs_[i].dtype());
    if (shape[0] != inputs[0].size(0))
      complain(shape[0], " examples, expected ", inputs[0].size(0), " like input \"", input_names_[0], "\"");
  }
}

bool Model::takes(DType dtype, const Symbol& input) const {
  if (dtype == input.dtype()) return true;
  if (!is_floating(dtype) || !is_floating(input.dtype())) return false;
  // Another floating dtype is accepted if to() converted the parameters to it.
  class First : public Members {
   public:
    explicit First(Module& root) { walk(root); }
    Tensor found;

   private:
    void on_parameter(const std::string&, Tensor& parameter) override {
      if (!found.defined()) found = parameter;
    }
  };
  for (const NamedLayer& entry : layers_) {
    const Tensor parameter = First(*entry.layer).found;
    if (parameter.defined()) return parameter.dtype() == dtype;
  }
  return false;
}

std::vector<Shape> Model::on_build_many(const std::vector<Shape>& examples) {
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (examples[i] != inputs_[i].shape())
      throw_invalid("build",
                    text("input \"", input_names_[i], "\" got an example of shape ", examples[i], ", expected ", inputs_[i].shape()),
                    SourceLine::current());
  }
  std::vector<Shape> shapes;
  for (const Symbol& output : outputs_) shapes.push_back(output.shape());
  return shapes;
}

void Model::members(Members& visit) {
  for (const NamedLayer& entry : layers_) visit(entry.name, entry.layer);
}

const Layer& Model::layer(std::string_view name, SourceLine line) const {
  std::string known;
  for (const NamedLayer& entry : layers_) {
    if (entry.name == name) return entry.layer;
    known += (known.empty() ? "" : ", ") + entry.name;
  }
  throw_invalid("layer", text("there is no layer \"", name, "\"", known.empty() ? "" : ", the layers are ", known), line);
}

std::vector<std::string> Model::output_names() const {
  std::vector<std::string> names;
  for (const std::size_t value : output_values_) names.push_back(value_name(value));
  return names;
}

std::string Model::value_name(std::size_t value) const {
  if (value < inputs_.size()) return input_names_[value];
  const auto after =
      std::upper_bound(calls_.begin(), calls_.end(), value, [](std::size_t v, const ModelCall& call) { return v < call.output; });
  const ModelCall& call = *(after - 1);
  std::string name = layers_[call.layer].name;
  if (call.again > 0) name += text("#", call.again + 1);
  return call.shapes.size() == 1 ? name : text(name, ":", value - call.output);
}

std::string Model::summary(SourceLine line) const { return nn::summary(*this, {}, line); }

struct Model::Compiled {
  Objective objective;
  std::unique_ptr<Optimizer> optimizer;
  bool full_batch;
};

void Model::compile(const CompileOptions& options, SourceLine line) {
  const CallerScope caller(line);
  Objective objective("compile", options, output_names(), line);
  if (!objective.has_loss()) throw_invalid("compile", "got no loss to minimize", line);
  compiled_ = std::make_shared<const Compiled>(Compiled{.objective = std::move(objective),
                                                        .optimizer = options.optimizer(parameters_to_train(*this, "compile", line), line),
                                                        .full_batch = options.optimizer.full_batch()});
}

const Model::Compiled& Model::compiled(const char* op, const SourceLine& line) const {
  if (compiled_ == nullptr) throw_misuse(op, "the model is not compiled: call compile() with a loss first", line);
  return *compiled_;
}

Optimizer& Model::optimizer(SourceLine line) const { return *compiled("optimizer", line).optimizer; }

History Model::fit(const Dataset& data, const FitOptions& options, SourceLine line) {
  const CallerScope caller(line);
  const Compiled& chosen = compiled("fit", line);
  if (!options.loss.list().empty() || !options.loss_weights.empty() || !options.optimizer.name().empty() || !options.metrics.empty() ||
      !options.output_metrics.empty() || !options.class_weights.empty() || options.existing_optimizer != nullptr)
    throw_invalid("fit", "got a loss, an optimizer, metrics or weights, which compile() chooses for a Model", line);
  Trainer trainer(*this, data, chosen.objective, options, line);
  build_for(*this, data, "fit", line);
  return trainer.run(*chosen.optimizer, chosen.full_batch);
}

Metrics Model::evaluate(const Dataset& data, const EvaluateOptions& options, SourceLine line) const {
  const CallerScope caller(line);
  const Compiled& chosen = compiled("evaluate", line);
  if (!options.loss.list().empty() || !options.loss_weights.empty() || !options.metrics.empty() || !options.output_metrics.empty() ||
      !options.class_weights.empty())
    throw_invalid("evaluate", "got a loss, metrics or weights, which compile() chooses for a Model", line);
  return evaluate_with(*this, data, chosen.objective, options.batch_size, line);
}

Tensor Model::predict(const Tensor& inputs, const PredictOptions& options, SourceLine line) const {
  return nn::predict(*this, inputs, options, line);
}

std::vector<Tensor> Model::predict(const std::vector<Tensor>& inputs, const PredictOptions& options, SourceLine line) const {
  return nn::predict(*this, inputs, options, line);
}

std::shared_ptr<Module> Model::copy_structure(Cloner& cloner) const {
  std::vector<Symbol> symbols = inputs_;
  symbols.insert(symbols.end(), outputs_.begin(), outputs_.end());
  symbols = Symbol::copies_of(symbols, cloner);
  const auto first_output = symbols.begin() + static_cast<std::ptrdiff_t>(inputs_.size());
  auto copy = std::make_shared<Model>(std::vector<Symbol>(symbols.begin(), first_output), std::vector<Symbol>(first_output, symbols.end()));
  // The names are those chosen when this model was made; calls of set_name() since then do not change paths.
  copy->input_names_ = input_names_;
  for (std::size_t i = 0; i < layers_.size(); ++i) copy->layers_[i].name = layers_[i].name;
  return copy;
}

}  // namespace chainrule::nn
