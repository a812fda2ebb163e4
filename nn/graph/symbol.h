// Symbol: a handle on one value in a layer graph, from which a Model is made.
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

namespace chainrule::nn {

/// What an input() is.
struct InputOptions {
  /// What errors and summaries call it; "" for `input`, `input_1`, ... in the order of the Model's inputs.
  std::string name = "";
  DType dtype = default_dtype();
};

/// A value to be: an input, or one of the results of a layer called on Symbols. Copies are the same value.
///
///     nn::Symbol x = nn::input({784});
///     nn::Symbol h = nn::Dense(128, {.activation = "relu"})(x);  // 784 is inferred
///     nn::Symbol y = nn::Dense(10)(h);
///     nn::Model model(x, y);
///
/// A layer is built and tried on one example of zeros when it is called, so that a mismatch is an error of that line.
class Symbol {
 public:
  // Without moves of its own, which would leave an empty one behind.
  Symbol(const Symbol&) = default;
  Symbol& operator=(const Symbol&) = default;

  /// Of one example: without n.
  const Shape& shape() const noexcept;
  DType dtype() const noexcept;
  /// The name given to the input, or to the layer by set_name(); "" for none.
  const std::string& name() const noexcept;
  /// Where it was made.
  const SourceLine& line() const noexcept;

  /// The layer that makes it; nullptr for an input.
  const Layer* layer() const noexcept;
  /// What that layer was called with.
  const std::vector<Symbol>& inputs() const noexcept;
  /// The shapes of one example of all that the call gives.
  const std::vector<Shape>& call_shapes() const noexcept;
  /// Their dtypes.
  const std::vector<DType>& call_dtypes() const noexcept;
  /// Which of them it is.
  std::size_t output() const noexcept { return output_; }
  /// The same for all results of one call, another for each call.
  const void* call_id() const noexcept { return call_.get(); }
  /// Whether both are the same value.
  bool is(const Symbol& other) const noexcept { return call_ == other.call_ && output_ == other.output_; }

  /// How errors call it: `input "pixels"`, `head (Dense 128 -> 10)`.
  std::string describe() const;

 private:
  struct Call;

  Symbol(std::shared_ptr<const Call> call, std::size_t output) noexcept : call_(std::move(call)), output_(output) {}

  // The same graph with copies of its layers.
  static std::vector<Symbol> copies_of(const std::vector<Symbol>& symbols, Cloner& cloner);
  // Of a call whose results are known, without building or trying the layer.
  static std::vector<Symbol> of_known_call(const Layer& layer, const std::vector<Symbol>& inputs, std::vector<Shape> shapes,
                                           std::vector<DType> dtypes, const SourceLine& line);
  static std::vector<Symbol> of_call(const Layer& layer, const std::vector<Symbol>& inputs, const SourceLine& line);

  friend class Model;
  friend Symbol input(const Shape& example, const InputOptions& options, SourceLine line);
  friend std::vector<Symbol> call_layer(const Layer& layer, const std::vector<Symbol>& inputs, SourceLine line);

  std::shared_ptr<const Call> call_;
  std::size_t output_;
};

/// One Symbol or several as an argument: `x`, `{a, b}` or a vector.
class SymbolList {
 public:
  /// Of one, or of several.
  SymbolList(const Symbol& symbol) : symbols_{symbol} {}
  SymbolList(std::initializer_list<Symbol> symbols) : symbols_(symbols) {}
  SymbolList(std::vector<Symbol> symbols) : symbols_(std::move(symbols)) {}

  /// The Symbols in their order.
  const std::vector<Symbol>& symbols() const noexcept { return symbols_; }
  std::size_t size() const noexcept { return symbols_.size(); }
  const Symbol& operator[](std::size_t i) const noexcept { return symbols_[i]; }

 private:
  std::vector<Symbol> symbols_;
};

/// An input of a Model to be: a batch [n, example...] of this dtype.
/// @throws std::invalid_argument for a size below 1, or more than 7 axes.
Symbol input(const Shape& example, const InputOptions& options = {}, SourceLine line = SourceLine::current());

/// What calling a layer on Symbols does: `layer(x)`, `layer({a, b})`.
/// @throws std::invalid_argument where the shapes or dtypes do not fit, naming the layer and what it comes after, or where there are more
/// inputs or results than one.
Symbol call_layer(const Layer& layer, const Symbol& x, SourceLine line = SourceLine::current());
std::vector<Symbol> call_layer(const Layer& layer, const std::vector<Symbol>& inputs, SourceLine line = SourceLine::current());
template <class M>
requires(std::derived_from<M, Module>) Symbol call_layer(M&& module, const Symbol& x, SourceLine line = SourceLine::current()) {
  return call_layer(Layer(std::move(module)), x, line);
}

}  // namespace chainrule::nn
