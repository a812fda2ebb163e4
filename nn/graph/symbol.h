// Symbol: a value in a layer graph, from which a Model is made (the functional API of Keras).
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/base/default_dtype.h"
#include "autograd/base/shape.h"
#include "nn/module/layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of input().
struct InputOptions {
  /// The name of the input in errors and summaries; empty: `input`, `input_1`, ... in the order of the inputs of the Model.
  std::string name = "";
  /// The dtype of the input.
  DType dtype = default_dtype();
};

/// A placeholder for a value in a layer graph: either an input, or a result of a layer that was called on other Symbols. Copies of a Symbol
/// refer to the same value.
///
///     nn::Symbol x = nn::input({784});
///     nn::Symbol h = nn::Dense(128, {.activation = "relu"})(x);  // 784 is inferred
///     nn::Symbol y = nn::Dense(10)(h);
///     nn::Model model(x, y);
///
/// When a layer is called, it is built and run on one example of zeros, so that an error names the line of the call.
class Symbol {
 public:
  /// Copies refer to the same value. There is no move constructor, because it would leave an empty Symbol behind.
  Symbol(const Symbol&) = default;
  /// Copies refer to the same value.
  Symbol& operator=(const Symbol&) = default;

  /// Returns the shape of one example, without n.
  const Shape& shape() const noexcept;
  /// Returns the dtype.
  DType dtype() const noexcept;
  /// Returns the name of the input, or the name that the layer was given with set_name(); "" if there is none.
  const std::string& name() const noexcept;
  /// Returns the line of the call that made the value.
  const SourceLine& line() const noexcept;

  /// Returns the layer that computes the value; nullptr for an input.
  const Layer* layer() const noexcept;
  /// Returns the values that the layer was called with; empty for an input.
  const std::vector<Symbol>& inputs() const noexcept;
  /// Returns the shapes of one example of all results of the call.
  const std::vector<Shape>& call_shapes() const noexcept;
  /// Returns the dtypes of all results of the call.
  const std::vector<DType>& call_dtypes() const noexcept;
  /// Returns the index of this value among the results of the call.
  std::size_t output() const noexcept { return output_; }
  /// Returns an identifier of the call: equal for all results of one call, different for different calls.
  const void* call_id() const noexcept { return call_.get(); }
  /// Returns true if both refer to the same value.
  bool is(const Symbol& other) const noexcept { return call_ == other.call_ && output_ == other.output_; }

  /// Returns a description for error messages: `input "pixels"`, `head (Dense 128 -> 10)`.
  std::string describe() const;

 private:
  struct Call;

  Symbol(std::shared_ptr<const Call> call, std::size_t output) noexcept : call_(std::move(call)), output_(output) {}

  // The given values in a copy of the graph, whose layers are copied with the Cloner.
  static std::vector<Symbol> copies_of(const std::vector<Symbol>& symbols, Cloner& cloner);
  // The results of a call whose shapes and dtypes are known: the layer is neither built nor run.
  static std::vector<Symbol> of_known_call(const Layer& layer, const std::vector<Symbol>& inputs, std::vector<Shape> shapes,
                                           std::vector<DType> dtypes, const SourceLine& line);
  static std::vector<Symbol> of_call(const Layer& layer, const std::vector<Symbol>& inputs, const SourceLine& line);

  friend class Model;
  friend Symbol input(const Shape& example, const InputOptions& options, SourceLine line);
  friend std::vector<Symbol> call_layer(const Layer& layer, const std::vector<Symbol>& inputs, SourceLine line);

  std::shared_ptr<const Call> call_;
  std::size_t output_;
};

/// One or more Symbols as a function argument: `x`, `{a, b}` or a vector.
class SymbolList {
 public:
  /// Makes a list of one or more Symbols.
  /// @{
  SymbolList(const Symbol& symbol) : symbols_{symbol} {}
  SymbolList(std::initializer_list<Symbol> symbols) : symbols_(symbols) {}
  SymbolList(std::vector<Symbol> symbols) : symbols_(std::move(symbols)) {}
  /// @}

  /// Returns the Symbols in their order.
  const std::vector<Symbol>& symbols() const noexcept { return symbols_; }
  /// Returns the number of Symbols.
  std::size_t size() const noexcept { return symbols_.size(); }
  /// Returns the Symbol at a position; there is no range check.
  const Symbol& operator[](std::size_t i) const noexcept { return symbols_[i]; }

 private:
  std::vector<Symbol> symbols_;
};

/// Makes an input of a layer graph, for batches of shape [n, example...].
/// @throws std::invalid_argument for a size below 1, or for more than 7 axes.
Symbol input(const Shape& example, const InputOptions& options = {}, SourceLine line = SourceLine::current());

/// Calls a layer on Symbols; same as `layer(x)` and `layer({a, b})`.
/// @throws std::invalid_argument if shapes or dtypes do not fit, with the name of the layer and of what comes before it; or if the layer
/// has another number of inputs, or, when called with a single Symbol, more than one result.
/// @{
Symbol call_layer(const Layer& layer, const Symbol& x, SourceLine line = SourceLine::current());
std::vector<Symbol> call_layer(const Layer& layer, const std::vector<Symbol>& inputs, SourceLine line = SourceLine::current());
template <class M>
requires(std::derived_from<M, Module>) Symbol call_layer(M&& module, const Symbol& x, SourceLine line = SourceLine::current()) {
  return call_layer(Layer(std::move(module)), x, line);
}
/// @}

}  // namespace chainrule::nn
#pragma GCC visibility pop
