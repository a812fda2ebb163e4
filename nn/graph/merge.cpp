#include "nn/graph/merge.h"

#include <limits>
#include <utility>

#include "autograd/base/check.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/shape.h"
#include "nn/module/config.h"
#include "nn/module/names.h"

namespace chainrule::nn {

using detail::checked_axis;
using detail::text;
using detail::throw_invalid;

namespace {

using Combine = Tensor (*)(const Tensor& a, const Tensor& b);

constexpr Combine kSum = [](const Tensor& a, const Tensor& b) { return chainrule::add(a, b); };

constexpr Named<Combine> kMerges[] = {
    {"add", kSum},
    {"subtract", [](const Tensor& a, const Tensor& b) { return chainrule::sub(a, b); }},
    {"multiply", [](const Tensor& a, const Tensor& b) { return chainrule::mul(a, b); }},
    {"average", kSum},
    {"maximum", [](const Tensor& a, const Tensor& b) { return chainrule::maximum(a, b); }},
    {"minimum", [](const Tensor& a, const Tensor& b) { return chainrule::minimum(a, b); }},
    {"concatenate", nullptr},
};

void require_some(const char* op, const SymbolList& symbols, const SourceLine& line) {
  if (symbols.size() == 0) throw_invalid(op, "got no symbols, expected at least 1", line);
}

Symbol merge(const char* op, const SymbolList& symbols, const SourceLine& line) {
  require_some(op, symbols, line);
  for (const Symbol& symbol : symbols.symbols()) {
    if (symbol.shape() != symbols[0].shape())
      throw_invalid(op,
                    text(symbols[0].describe(), " has examples of shape ", symbols[0].shape(), ", ", symbol.describe(), " of ",
                         symbol.shape(), ", expected equal shapes"),
                    line);
  }
  return call_layer(Merge(op, symbols.size(), -1, line), symbols.symbols(), line).front();
}

class Lambda : public MultiModule {
 public:
  using Function = std::function<Tensor(const std::vector<Tensor>&)>;

  Lambda(std::size_t inputs, Function function, const SourceLine& line) : MultiModule(inputs, 1, line), function_(std::move(function)) {}
  std::vector<Tensor> forward_many(const std::vector<Tensor>& inputs) const override { return {function_(inputs)}; }
  std::string describe() const override { return "Lambda"; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner&) const override {
    return std::make_shared<Lambda>(input_count(), function_, SourceLine::current());
  }
  void config(Config&) const override {
    detail::throw_misuse("config", "it is a custom function, which a file cannot store: write a custom module and register it",
                         SourceLine::current());
  }

  Function function_;
};

}  // namespace

Merge::Merge(std::string_view op, Dim inputs, int axis, SourceLine line)
    : MultiModule(inputs > 0 ? static_cast<std::size_t>(inputs) : 0, 1, line),
      op_(op),
      combine_(find_named("Merge", "op", kMerges, op, line)),
      axis_(axis) {
  if (op_ == "subtract" && inputs != 2)
    throw_invalid("subtract", text("got ", static_cast<std::int64_t>(inputs), " inputs, expected 2"), line);
}

std::vector<Tensor> Merge::forward_many(const std::vector<Tensor>& inputs) const {
  if (combine_ == nullptr) {
    const Shape first = inputs[0].shape();
    const int axis = checked_axis("concatenate", axis_, std::span(first.begin(), first.end()).subspan(1), SourceLine::current());
    return {concat(inputs, axis + 1)};
  }
  // The ops would broadcast inputs of different shapes.
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (inputs[i].shape() != inputs[0].shape())
      throw_invalid(op_.c_str(), text("input ", i, " has shape ", inputs[i].shape(), ", expected ", inputs[0].shape(), " like input 0"),
                    SourceLine::current());
  }
  Tensor y = inputs[0];
  for (std::size_t i = 1; i < inputs.size(); ++i) y = combine_(y, inputs[i]);
  if (op_ == "average") y = y / static_cast<double>(inputs.size());
  return {y};
}

std::string Merge::describe() const {
  std::string words = op_;
  words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return combine_ != nullptr || axis_ == -1 ? words : text(words, " along axis ", axis_);
}

void Merge::config(Config& config) const { config.set("op", op_).set("inputs", input_count()).set("axis", axis_); }

Merge Merge::from_config(const Config& config) {
  const std::string op = config.string("op");
  const std::int64_t inputs = config.integer("inputs", 1, std::numeric_limits<int>::max());
  return Merge(op, inputs, static_cast<int>(config.integer("axis", -Shape::kMaxRank, Shape::kMaxRank - 1)));
}

std::shared_ptr<Module> Merge::copy_structure(Cloner&) const { return std::make_shared<Merge>(op_, input_count(), axis_); }

Symbol add(const SymbolList& symbols, SourceLine line) { return merge("add", symbols, line); }
Symbol subtract(const SymbolList& symbols, SourceLine line) { return merge("subtract", symbols, line); }
Symbol multiply(const SymbolList& symbols, SourceLine line) { return merge("multiply", symbols, line); }
Symbol average(const SymbolList& symbols, SourceLine line) { return merge("average", symbols, line); }
Symbol maximum(const SymbolList& symbols, SourceLine line) { return merge("maximum", symbols, line); }
Symbol minimum(const SymbolList& symbols, SourceLine line) { return merge("minimum", symbols, line); }

Symbol add(const Symbol& a, const Symbol& b, SourceLine line) { return merge("add", {a, b}, line); }
Symbol subtract(const Symbol& a, const Symbol& b, SourceLine line) { return merge("subtract", {a, b}, line); }
Symbol multiply(const Symbol& a, const Symbol& b, SourceLine line) { return merge("multiply", {a, b}, line); }
Symbol average(const Symbol& a, const Symbol& b, SourceLine line) { return merge("average", {a, b}, line); }
Symbol maximum(const Symbol& a, const Symbol& b, SourceLine line) { return merge("maximum", {a, b}, line); }
Symbol minimum(const Symbol& a, const Symbol& b, SourceLine line) { return merge("minimum", {a, b}, line); }

Symbol concatenate(const SymbolList& symbols, int axis, SourceLine line) {
  require_some("concatenate", symbols, line);
  for (const Symbol& symbol : symbols.symbols()) {
    const Shape& first = symbols[0].shape();
    Shape expected = first;
    const int at = checked_axis("concatenate", axis, first, line);
    if (symbol.shape().rank() == first.rank()) expected[at] = symbol.shape()[at];
    if (symbol.shape() != expected)
      throw_invalid("concatenate",
                    text(symbols[0].describe(), " has examples of shape ", first, ", ", symbol.describe(), " of ", symbol.shape(),
                         ", expected equal sizes except along axis ", at),
                    line);
  }
  return call_layer(Merge("concatenate", symbols.size(), axis, line), symbols.symbols(), line).front();
}

Symbol lambda(std::string_view name, const Symbol& x, std::function<Tensor(const Tensor&)> function, SourceLine line) {
  if (!function) throw_invalid("lambda", "got an empty function", line);
  return lambda(
      name, std::vector<Symbol>{x}, [function = std::move(function)](const std::vector<Tensor>& inputs) { return function(inputs[0]); },
      line);
}

Symbol lambda(std::string_view name, const std::vector<Symbol>& symbols, std::function<Tensor(const std::vector<Tensor>&)> function,
              SourceLine line) {
  if (!function) throw_invalid("lambda", "got an empty function", line);
  Lambda layer(symbols.size(), std::move(function), line);
  layer.set_name(name);
  return call_layer(std::move(layer), symbols, line).front();
}

}  // namespace chainrule::nn
