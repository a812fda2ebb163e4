// Model: a module made of a layer graph, like Model in Keras's functional API.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/graph/symbol.h"
#include "nn/train/fit.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// A layer of a Model.
struct NamedLayer {
  /// The name of the layer in the Model.
  std::string name;
  /// The layer.
  Layer layer;
};

/// A call of a layer in a Model. The values in a Model are numbered: first its inputs, then the results of each call.
struct ModelCall {
  /// The index of the layer in layers().
  std::size_t layer;
  /// The number of earlier calls of the same layer.
  std::size_t again;
  /// The numbers of the values that the layer is called with.
  std::vector<std::size_t> inputs;
  /// The number of the first result; those of the other results follow.
  std::size_t output;
  /// The shape of one example of each result.
  std::vector<Shape> shapes;
  /// The dtype of each result.
  std::vector<DType> dtypes;
};

/// A module that consists of the layers between given inputs and outputs of a layer graph, which may be any graph without cycles:
///
///     nn::Symbol x = nn::input({784});
///     nn::Symbol h = nn::Dense(128, {.activation = "relu"})(x);
///     nn::Model model(x, nn::Dense(10)(nn::add(h, nn::Dense(128)(x))));
///     cr::Tensor y = model(images);                              // [n, 784] gives [n, 10]
///     nn::Model two({a, b}, {y, z});
///     std::vector<cr::Tensor> both = two({left, right});
///
/// A layer that was given a name with set_name() keeps it; the others get a name made from their type: `dense`, `dense_1`, `add`. The Model
/// shares its layers with the Symbols, and so with other Models made from them.
class Model : public MultiModule {
 public:
  /// Makes a model of all layers that the outputs depend on.
  /// @throws std::invalid_argument if there are no inputs or outputs, if an input was not made by input(), is listed twice or is not used,
  /// if an output depends on an input that is not listed, or if a name occurs twice or contains a dot. The message names the symbols.
  Model(const SymbolList& inputs, const SymbolList& outputs, SourceLine line = SourceLine::current());

  /// Computes the outputs. Each intermediate value is freed after the last layer that needs it, unless the graph for backward() holds it.
  /// @throws std::invalid_argument if an input does not have the shape [n, example...], has a dtype other than that of its Symbol (or,
  /// after to(), of the parameters), or has a different n from the first input; the message names the input.
  std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const override;
  /// Reports each layer once, under its name.
  void members(Members& visit) override;
  /// Returns "Model".
  std::string describe() const override { return "Model"; }

  /// Returns the inputs that were passed to the constructor.
  const std::vector<Symbol>& inputs() const noexcept { return inputs_; }
  /// Returns the outputs that were passed to the constructor.
  const std::vector<Symbol>& outputs() const noexcept { return outputs_; }
  /// Returns the names of the inputs.
  const std::vector<std::string>& input_names() const noexcept { return input_names_; }
  /// Returns the names of the outputs; see value_name().
  std::vector<std::string> output_names() const;

  /// Returns each layer once, in the order of the first calls.
  const std::vector<NamedLayer>& layers() const noexcept { return layers_; }
  /// Returns the layer with this name.
  /// @throws std::invalid_argument if there is none; the message lists the names.
  const Layer& layer(std::string_view name, SourceLine line = SourceLine::current()) const;
  /// Returns all calls of layers, in the order in which they run.
  const std::vector<ModelCall>& calls() const noexcept { return calls_; }
  /// Returns the numbers of the values that are the outputs; see ModelCall.
  const std::vector<std::size_t>& output_values() const noexcept { return output_values_; }
  /// Returns the name of a value: the name of the input, or of the layer that computes it. The name of the layer is followed by `#2` for
  /// its second call and so on, and by `:0` for the first of several results: `encoder#2`, `towers:0`.
  std::string value_name(std::size_t value) const;

  /// Saves the model with nn::save_model(): the layers, their weights and their connections, but not what compile() set.
  void save(const std::string& path, SourceLine line = SourceLine::current()) const;
  /// Loads a model that save() wrote.
  /// @throws std::runtime_error `PATH: ...` if anything is wrong with the file, or if it holds another kind of module.
  static Model load(const std::string& path, SourceLine line = SourceLine::current());
  /// Makes a Model from the settings that config() stored; used by load_model().
  static Model from_config(const Config& config);

  /// Returns a table of the layers; see nn::summary().
  std::string summary(SourceLine line = SourceLine::current()) const;

  /// Sets the loss, the optimizer and the metrics for fit() and evaluate(), and makes the optimizer for all parameters that require grad.
  /// If there are several outputs, their losses and metrics are recorded under `<output>_loss` and so on.
  /// @throws std::invalid_argument if there is no loss, or if the number of losses, loss weights or metric lists does not match the number
  /// of outputs.
  /// @throws std::logic_error if no parameter requires grad.
  void compile(const CompileOptions& options, SourceLine line = SourceLine::current());
  /// Returns true after compile().
  bool is_compiled() const noexcept { return compiled_ != nullptr; }
  /// Returns the optimizer that compile() made. It keeps its state between calls of fit().
  /// @throws std::logic_error before compile().
  Optimizer& optimizer(SourceLine line = SourceLine::current()) const;

  /// Trains the model with what compile() set; see nn::fit().
  /// @throws std::logic_error before compile().
  /// @throws std::invalid_argument as nn::fit(), and if the options contain a loss, an optimizer, metrics or weights.
  History fit(const Dataset& data, const FitOptions& options = {}, SourceLine line = SourceLine::current());
  /// Measures the loss and the metrics that compile() set; see nn::evaluate().
  /// @throws std::logic_error before compile().
  /// @throws std::invalid_argument as nn::evaluate(), and if the options contain a loss, metrics or weights.
  Metrics evaluate(const Dataset& data, const EvaluateOptions& options = {}, SourceLine line = SourceLine::current()) const;

  /// Returns the outputs for these inputs; see nn::predict().
  /// @{
  Tensor predict(const Tensor& inputs, const PredictOptions& options = {}, SourceLine line = SourceLine::current()) const;
  std::vector<Tensor> predict(const std::vector<Tensor>& inputs, const PredictOptions& options = {},
                              SourceLine line = SourceLine::current()) const;
  /// @}

 private:
  struct Compiled;

  const Compiled& compiled(const char* op, const SourceLine& line) const;

  std::vector<Tensor> run_many(const std::vector<Tensor>& inputs) const override { return forward_many(inputs); }
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;
  std::vector<Shape> on_build_many(const std::vector<Shape>& examples) override;

  void order(const SourceLine& line);
  void choose_names(const SourceLine& line);
  void find_last_uses();
  void check(const std::vector<Tensor>& inputs) const;
  bool takes(DType dtype, const Symbol& input) const;

  std::vector<Symbol> inputs_, outputs_;
  std::vector<std::string> input_names_;
  std::vector<NamedLayer> layers_;
  std::vector<ModelCall> calls_;
  std::vector<std::size_t> output_values_;
  std::vector<std::vector<std::size_t>> last_uses_;  // for each call, the values that are not needed after it
  std::size_t value_count_ = 0;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
