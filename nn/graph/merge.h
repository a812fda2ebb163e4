// Functions that join branches of a layer graph (add, concatenate, ...), and lambda(), which makes a layer from a function.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/graph/symbol.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Combines several inputs [n, ...] into one output: the layer that add(), concatenate() and so on put into a layer graph.
class Merge : public MultiModule {
 public:
  /// `op` is "add", "subtract", "multiply", "average", "maximum" or "minimum", which work elementwise on inputs of the same shape, or
  /// "concatenate". `inputs` is the number of inputs. `axis` is the axis along which "concatenate" joins. It
  /// counts the axes of one example, so axis 0 is the one after n; a negative axis counts from the end. The other ops ignore it.
  /// @throws std::invalid_argument for an unknown op, for no inputs, or for a number of inputs other than two for "subtract".
  Merge(std::string_view op, Dim inputs, int axis = -1, SourceLine line = SourceLine::current());
  /// Returns the Merge that `config` describes; used by load_model().
  static Merge from_config(const Config& config);

  /// Returns the one output.
  /// @throws std::invalid_argument if the shapes differ (for "concatenate": other than along the axis) or the dtypes differ.
  std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const override;
  /// Returns a description such as "Add" or "Concatenate along axis 0".
  std::string describe() const override;

  /// Returns the op.
  const std::string& op() const noexcept { return op_; }
  /// Returns the axis.
  int axis() const noexcept { return axis_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;
  std::vector<Tensor> run_many(const std::vector<Tensor>& inputs) const override { return forward_many(inputs); }

  std::string op_;
  Tensor (*combine_)(const Tensor& a, const Tensor& b);
  int axis_;
};

/// Returns the elementwise sum, product, mean, maximum or minimum of several values with the same shape.
/// @throws std::invalid_argument if there is no value or if the shapes differ; the message names two values with different shapes.
/// @{
Symbol add(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol multiply(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol average(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol maximum(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol minimum(const SymbolList& symbols, SourceLine line = SourceLine::current());
/// @}

/// Returns the first of two values minus the second.
/// @throws std::invalid_argument unless there are two values of the same shape.
Symbol subtract(const SymbolList& symbols, SourceLine line = SourceLine::current());

/// Same as above, for two values.
/// @{
Symbol add(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol multiply(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol average(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol maximum(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol minimum(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol subtract(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
/// @}

/// Returns the values joined along an axis. Axis 0 is the first axis after n; a negative axis counts from the end. All other sizes must be
/// equal.
/// @throws std::invalid_argument if there is no value, if there is no such axis, or if other sizes differ; the message names two
/// values with different sizes.
Symbol concatenate(const SymbolList& symbols, int axis = -1, SourceLine line = SourceLine::current());

/// Makes a layer with this name from a custom function, calls it, and returns the result. The layer has no parameters; it is differentiated
/// through the ops that the function calls. The function receives whole batches [n, ...]. It is first called when the graph
/// is built, on one example of zeros. It must be thread-safe if several threads call the model. save_model() cannot store such a layer.
/// @throws std::invalid_argument for an empty function.
/// @{
Symbol lambda(std::string_view name, const Symbol& x, std::function<Tensor(const Tensor&)> function,
              SourceLine line = SourceLine::current());
Symbol lambda(std::string_view name, const std::vector<Symbol>& symbols, std::function<Tensor(const std::vector<Tensor>&)> function,
              SourceLine line = SourceLine::current());
/// @}

}  // namespace chainrule::nn
#pragma GCC visibility pop
