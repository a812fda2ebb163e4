// Where branches of a layer graph join: add, concatenate and the like, and any function as a layer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/graph/symbol.h"

namespace chainrule::nn {

/// Several Tensors [n, ...] made one: what the functions below put into a graph.
class Merge : public MultiModule {
 public:
  /// The op is add, subtract, multiply, average, maximum, minimum (of equal shapes, one element beside the other) or concatenate, along an
  /// axis of one example (negative: from the end).
  /// @throws std::invalid_argument for an unknown op, no inputs, or other than two for subtract.
  Merge(std::string_view op, Dim inputs, int axis = -1, SourceLine line = SourceLine::current());

  /// @throws std::invalid_argument where shapes differ.
  std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const override;
  /// `Add`, `Concatenate along axis 0`.
  std::string describe() const override;

  /// As given to the constructor.
  const std::string& op() const noexcept { return op_; }
  int axis() const noexcept { return axis_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;
  std::vector<Tensor> run_many(const std::vector<Tensor>& inputs) const override { return forward_many(inputs); }

  std::string op_;
  Tensor (*combine_)(const Tensor& a, const Tensor& b);
  int axis_;
};

/// The sum, difference, product, mean, largest or smallest of values with equal shapes of one example.
/// @throws std::invalid_argument where the shapes differ, naming two that do.
Symbol add(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol multiply(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol average(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol maximum(const SymbolList& symbols, SourceLine line = SourceLine::current());
Symbol minimum(const SymbolList& symbols, SourceLine line = SourceLine::current());
/// The first minus the second.
Symbol subtract(const SymbolList& symbols, SourceLine line = SourceLine::current());

/// The same of two.
Symbol add(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol multiply(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol average(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol maximum(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol minimum(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());
Symbol subtract(const Symbol& a, const Symbol& b, SourceLine line = SourceLine::current());

/// One after another along an axis of one example (negative: from the end); equal sizes elsewhere.
/// @throws std::invalid_argument where they differ, naming two that do, or where there is no such axis.
Symbol concatenate(const SymbolList& symbols, int axis = -1, SourceLine line = SourceLine::current());

/// A function of Tensors as a layer of this name; without parameters, differentiated through the ops it calls. It is given whole batches
/// [n, ...] and is called by every thread that calls the model.
Symbol lambda(std::string_view name, const Symbol& x, std::function<Tensor(const Tensor&)> function,
              SourceLine line = SourceLine::current());
Symbol lambda(std::string_view name, const std::vector<Symbol>& symbols, std::function<Tensor(const std::vector<Tensor>&)> function,
              SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
