// Model: a layer graph as a module.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/graph/symbol.h"
#include "nn/train/fit.h"

namespace chainrule::nn {

/// A layer of a Model and its name there.
struct NamedLayer {
  /// Its name in the graph, and the layer.
  std::string name;
  Layer layer;
};

/// One call of a layer in a Model. Values are counted: the Model's inputs first, then the results of each call.
struct ModelCall {
  /// Which of layers().
  std::size_t layer;
  /// How many calls of the same layer come before it.
  std::size_t again;
  /// The values it is given.
  std::vector<std::size_t> inputs;
  /// Its first result; the others follow.
  std::size_t output;
  /// Of one example of each result, and their dtypes.
  std::vector<Shape> shapes;
  std::vector<DType> dtypes;
};

/// The layers between input() Symbols and those to compute, any graph without cycles:
///
///     nn::Symbol x = nn::input({784});
///     nn::Symbol h = nn::Dense(128, {.activation = "relu"})(x);
///     nn::Model model(x, nn::Dense(10)(nn::add(h, nn::Dense(128)(x))));
///     cr::Tensor y = model(images);                              // [n, 784] gives [n, 10]
///     nn::Model two({a, b}, {y, z});
///     std::vector<cr::Tensor> both = two({left, right});
///
/// A layer has the name set_name() gave it before, else one made of what it is: `dense`, `dense_1`, `add`. Layers are shared with the
/// Symbols and so with other Models made of them.
class Model : public MultiModule {
 public:
  /// @throws std::invalid_argument, naming the symbols: for an input that is not made by input(), listed twice or not used; an output that
  /// depends on an input not listed; a name given twice or with a dot; nothing listed.
  Model(const SymbolList& inputs, const SymbolList& outputs, SourceLine line = SourceLine::current());

  /// Frees each value once the last layer that takes it has run, as far as no graph for backward() holds it.
  /// @throws std::invalid_argument, naming the input, for another shape than [n, example...], another dtype, or another n than the first's.
  std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const override;
  /// The layers by their names, each once.
  void members(Members& visit) override;
  std::string describe() const override { return "Model"; }

  /// What it was made from.
  const std::vector<Symbol>& inputs() const noexcept { return inputs_; }
  const std::vector<Symbol>& outputs() const noexcept { return outputs_; }
  const std::vector<std::string>& input_names() const noexcept { return input_names_; }
  /// The names of the values that are the outputs; see value_name().
  std::vector<std::string> output_names() const;

  /// Each layer once, in the order of their first calls.
  const std::vector<NamedLayer>& layers() const noexcept { return layers_; }
  /// The layer of this name.
  /// @throws std::invalid_argument for none, listing those there are.
  const Layer& layer(std::string_view name, SourceLine line = SourceLine::current()) const;
  /// What runs, in order.
  const std::vector<ModelCall>& calls() const noexcept { return calls_; }
  /// The numbers of the values that are the outputs.
  const std::vector<std::size_t>& output_values() const noexcept { return output_values_; }
  /// The input's or layer's name; `encoder#2` from a layer's second call, `towers:0` from one of several results.
  std::string value_name(std::size_t value) const;

  /// nn::save_model(): layers, weights and what connects them; not what compile() chose.
  void save(const std::string& path, SourceLine line = SourceLine::current()) const;
  /// nn::load_model() of a Model.
  /// @throws std::runtime_error `PATH: ...` for anything wrong with the file, and for one that holds another module.
  static Model load(const std::string& path, SourceLine line = SourceLine::current());
  /// The Model whose config() set this.
  static std::shared_ptr<Model> from_config(const Config& config);

  /// The table of nn::summary().
  std::string summary(SourceLine line = SourceLine::current()) const;

  /// Chooses what to minimise, by what, and what to measure, and makes the optimizer of the parameters that require grad. Of several
  /// outputs, each has its loss and metrics by its name: `<output>_loss`.
  /// @throws std::invalid_argument for counts that do not fit or no loss; std::logic_error for nothing to train.
  void compile(const CompileOptions& options, SourceLine line = SourceLine::current());
  bool is_compiled() const noexcept { return compiled_ != nullptr; }
  /// The one that compile() made; its state lasts from fit() to fit().
  /// @throws std::logic_error before compile().
  Optimizer& optimizer(SourceLine line = SourceLine::current()) const;

  /// nn::fit() with what compile() chose.
  /// @throws std::logic_error before compile(), and as nn::fit().
  History fit(const Dataset& data, const FitOptions& options = {}, SourceLine line = SourceLine::current());
  /// nn::evaluate() with what compile() chose.
  /// @throws std::logic_error before compile(), and as nn::evaluate().
  Metrics evaluate(const Dataset& data, const EvaluateOptions& options = {}, SourceLine line = SourceLine::current()) const;
  /// nn::predict().
  Tensor predict(const Tensor& inputs, const PredictOptions& options = {}, SourceLine line = SourceLine::current()) const;
  std::vector<Tensor> predict(const std::vector<Tensor>& inputs, const PredictOptions& options = {},
                              SourceLine line = SourceLine::current()) const;

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
  std::vector<std::vector<std::size_t>> last_uses_;  // the values that nobody needs after each call
  std::size_t value_count_ = 0;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace chainrule::nn
