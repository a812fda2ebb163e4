#include "nn/graph/symbol.h"

#include <algorithm>
#include <map>
#include <optional>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "nn/module/clone.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

struct Symbol::Call {
  std::optional<Layer> layer;  // no value for an input
  std::vector<Symbol> inputs;
  std::vector<Shape> shapes;
  std::vector<DType> dtypes;
  std::string name;  // of an input
  SourceLine line;

  Call(std::optional<Layer> made_by, std::vector<Symbol> from, const SourceLine& where)
      : layer(std::move(made_by)), inputs(std::move(from)), line(where) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() {
    // Freeing a deep graph by recursion could exhaust the stack. So the Symbols that only this call holds are freed in a loop.
    std::vector<Symbol> pending = std::move(inputs);
    while (!pending.empty()) {
      const Symbol symbol = pending.back();
      pending.pop_back();
      if (symbol.call_.use_count() > 1) continue;
      std::vector<Symbol>& beneath = const_cast<Call&>(*symbol.call_).inputs;
      pending.insert(pending.end(), beneath.begin(), beneath.end());
      beneath.clear();
    }
  }
};

const Shape& Symbol::shape() const noexcept { return call_->shapes[output_]; }
DType Symbol::dtype() const noexcept { return call_->dtypes[output_]; }
const std::string& Symbol::name() const noexcept { return call_->layer ? (*call_->layer)->name() : call_->name; }
const SourceLine& Symbol::line() const noexcept { return call_->line; }
const Layer* Symbol::layer() const noexcept { return call_->layer ? &*call_->layer : nullptr; }
const std::vector<Symbol>& Symbol::inputs() const noexcept { return call_->inputs; }
const std::vector<Shape>& Symbol::call_shapes() const noexcept { return call_->shapes; }
const std::vector<DType>& Symbol::call_dtypes() const noexcept { return call_->dtypes; }

std::string Symbol::describe() const {
  if (!call_->layer) return name().empty() ? text("input of shape ", shape()) : text("input \"", name(), "\"");
  const Module& module = **call_->layer;
  const std::string what = name().empty() ? module.describe() : text(name(), " (", module.describe(), ")");
  return module.output_count() == 1 ? what : text("output ", output_, " of ", what);
}

Symbol input(const Shape& example, const InputOptions& options, SourceLine line) {
  if (example.rank() >= Shape::kMaxRank || std::any_of(example.begin(), example.end(), [](std::int64_t size) { return size < 1; }))
    throw_invalid("input", text("got shape ", example, ", expected sizes of 1 or more and at most 7 axes"), line);
  auto call = std::make_shared<Symbol::Call>(std::nullopt, std::vector<Symbol>(), line);
  call->shapes = {example};
  call->dtypes = {options.dtype};
  call->name = options.name;
  return Symbol(std::move(call), 0);
}

Symbol call_layer(const Layer& layer, const Symbol& x, SourceLine line) {
  if (layer->output_count() != 1)
    throw_invalid("Layer", text(layer->describe(), " has ", layer->output_count(), " outputs: call it with a list, which returns a list"),
                  line);
  return call_layer(layer, std::vector<Symbol>{x}, line).front();
}

Symbol BuiltIn::call_on(const Symbol& x, const SourceLine& line) { return call_layer(Layer(std::shared_ptr<Module>(moved())), x, line); }

std::vector<Symbol> call_layer(const Layer& layer, const std::vector<Symbol>& inputs, SourceLine line) {
  return Symbol::of_call(layer, inputs, line);
}

std::vector<Symbol> Symbol::of_call(const Layer& layer, const std::vector<Symbol>& inputs, const SourceLine& line) {
  std::string after;
  std::vector<Tensor> examples;
  for (const Symbol& symbol : inputs) {
    Shape batch = symbol.shape();
    batch.insert(0, 1);
    examples.push_back(zeros(batch, symbol.dtype(), line));
    after += (after.empty() ? "" : &symbol == &inputs.back() ? " and " : ", ") + symbol.describe();
  }
  const std::vector<Tensor> results = layer->build_after(after, examples, line);
  std::vector<Shape> shapes;
  std::vector<DType> dtypes;
  for (const Tensor& result : results) {
    shapes.push_back(result.shape());
    shapes.back().erase(0);
    dtypes.push_back(result.dtype());
  }
  return of_known_call(layer, inputs, std::move(shapes), std::move(dtypes), line);
}

std::vector<Symbol> Symbol::of_known_call(const Layer& layer, const std::vector<Symbol>& inputs, std::vector<Shape> shapes,
                                          std::vector<DType> dtypes, const SourceLine& line) {
  auto call = std::make_shared<Symbol::Call>(layer, inputs, line);
  call->shapes = std::move(shapes);
  call->dtypes = std::move(dtypes);
  std::vector<Symbol> outputs;
  for (std::size_t i = 0; i < call->shapes.size(); ++i) outputs.push_back(Symbol(call, i));
  return outputs;
}

std::vector<Symbol> Symbol::copies_of(const std::vector<Symbol>& symbols, Cloner& cloner) {
  std::map<const Call*, std::shared_ptr<const Call>> copies;
  const auto copy_of = [&](const Symbol& symbol) { return Symbol(copies.at(symbol.call_.get()), symbol.output_); };
  // Uses an explicit stack, because graphs may be deep. A call is copied after all calls that it depends on.
  struct Visit {
    const Call* call;
    std::size_t next_input;
  };
  std::vector<Visit> visits;
  std::vector<Symbol> found;
  for (const Symbol& wanted : symbols) {
    visits.push_back({wanted.call_.get(), 0});
    while (!visits.empty()) {
      const Call& call = *visits.back().call;
      if (copies.contains(&call)) {
        visits.pop_back();
      } else if (visits.back().next_input < call.inputs.size()) {
        visits.push_back({call.inputs[visits.back().next_input++].call_.get(), 0});
      } else {
        std::vector<Symbol> inputs;
        for (const Symbol& input : call.inputs) inputs.push_back(copy_of(input));
        auto copy = std::make_shared<Call>(call.layer ? std::optional(cloner(*call.layer)) : std::nullopt, std::move(inputs), call.line);
        copy->shapes = call.shapes;
        copy->dtypes = call.dtypes;
        copy->name = call.name;
        copies.emplace(&call, std::move(copy));
        visits.pop_back();
      }
    }
    found.push_back(copy_of(wanted));
  }
  return found;
}

}  // namespace chainrule::nn
