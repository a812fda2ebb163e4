#include "nn/graph/summary.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "autograd/base/check.h"
#include "autograd/base/printable.h"
#include "nn/graph/model.h"
#include "nn/layers/sequential.h"

namespace chainrule::nn {

using detail::text;

namespace {

struct Row {
  std::string layer, shape, parameters, connected;
};

using Rows = std::vector<Row>;

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

// The number of characters, not bytes: continuation bytes of UTF-8 are not counted.
std::size_t width(const std::string& cell) {
  return static_cast<std::size_t>(
      std::count_if(cell.begin(), cell.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// "?" if the module has parameters that build() has not made yet.
std::string count_of(const Module& module, const SourceLine& line) {
  return module.needs_build() ? "?" : grouped(module.parameter_count(line));
}

std::string titled(const std::string& name, const Module& module) {
  const std::string what = module.describe();
  return name.empty() ? what : name + " (" + what + ")";
}

Rows rows_of(const Model& model, const SourceLine& line) {
  Rows rows;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    const Symbol& input = model.inputs()[i];
    const std::string kind = input.dtype() == DType::float32 ? "input" : text("input, ", input.dtype());
    rows.push_back({text(model.input_names()[i], " (", kind, ")"), input.shape().str(), "0", ""});
  }
  for (const ModelCall& call : model.calls()) {
    const NamedLayer& entry = model.layers()[call.layer];
    std::string connected;
    for (const std::size_t value : call.inputs) connected += (connected.empty() ? "" : ", ") + model.value_name(value);
    std::string shapes;
    for (const Shape& shape : call.shapes) shapes += (shapes.empty() ? "" : ", ") + shape.str();
    const std::string name = entry.name + (call.again > 0 ? text("#", call.again + 1) : "");
    const std::string parameters = call.again > 0 ? "shared" : count_of(*entry.layer, line);
    rows.push_back({titled(name, *entry.layer), std::move(shapes), parameters, std::move(connected)});
  }
  return rows;
}

Rows rows_of(const Sequential& model, const SummaryOptions& options, const SourceLine& line) {
  Rows rows;
  std::optional<Shape> shape = options.input;
  std::set<const Module*> met;
  for (const Layer& layer : model) {
    if (shape) shape = layer->build(*shape, line);
    const std::string parameters = met.insert(&*layer).second ? count_of(*layer, line) : "shared";
    rows.push_back({titled(std::to_string(rows.size()), *layer), shape ? shape->str() : "", parameters, ""});
  }
  return rows;
}

// Rows for the children of a module and for its own parameters.
class MemberRows : public Members {
 public:
  MemberRows(const Module& module, const SourceLine& line) : line_(line) {
    walk(const_cast<Module&>(module));  // safe: members() only reports the members
  }
  Rows take() { return std::move(rows_); }

 private:
  void on_module(const std::string& path, Module& module) override {
    if (path.empty() || is_deeper(path)) return;
    child_ = path + ".";
    rows_.push_back({titled(path, module), "", count_of(module, line_), ""});
  }
  void on_parameter(const std::string& path, Tensor& parameter) override {
    if (!is_deeper(path)) rows_.push_back({text(path, " (parameter ", parameter.shape(), ")"), "", grouped(parameter.numel()), ""});
  }
  bool is_deeper(const std::string& path) const { return !child_.empty() && path.starts_with(child_); }

  SourceLine line_;
  std::string child_;  // the path of the child last met, with a dot
  Rows rows_;
};

Rows rows_of(const Module& module, const SummaryOptions& options, const SourceLine& line) {
  if (const auto* model = dynamic_cast<const Model*>(&module)) return rows_of(*model, line);
  if (const auto* sequential = dynamic_cast<const Sequential*>(&module)) return rows_of(*sequential, options, line);
  return MemberRows(module, line).take();
}

std::string padding(const std::string& cell, std::size_t to) { return std::string(to - width(cell), ' '); }

std::string table(Rows rows) {
  for (Row& row : rows)
    for (std::string Row::*cell : {&Row::layer, &Row::connected}) row.*cell = detail::printable(row.*cell);
  rows.insert(rows.begin(), {"Layer", "Output shape", "Parameters", "Connected to"});
  const auto widest = [&](std::string Row::*cell) {
    std::size_t most = 0;
    for (const Row& row : rows) most = std::max(most, width(row.*cell));
    return most;
  };
  const auto none = [&](std::string Row::*cell) {
    return std::all_of(rows.begin() + 1, rows.end(), [&](const Row& row) { return (row.*cell).empty(); });
  };
  for (std::string Row::*cell : {&Row::shape, &Row::connected}) {
    if (none(cell)) rows.front().*cell = "";
  }
  const std::size_t layer = widest(&Row::layer), shape = widest(&Row::shape), parameters = widest(&Row::parameters);
  const std::string gap = "  ";
  std::vector<std::string> lines;
  std::size_t longest = 0;
  for (const Row& row : rows) {
    std::string line = row.layer + padding(row.layer, layer);
    if (shape > 0) line += gap + row.shape + padding(row.shape, shape);
    line += gap + padding(row.parameters, parameters) + row.parameters;
    if (!row.connected.empty()) line += gap + row.connected;
    longest = std::max(longest, width(line));
    lines.push_back(std::move(line));
  }
  const std::string rule = std::string(longest, '-') + "\n";
  std::string out = lines.front() + "\n" + rule;
  for (std::size_t i = 1; i < lines.size(); ++i) out += lines[i] + "\n";
  return out + rule;
}

struct Total {
  std::int64_t elements = 0, bytes = 0;

  void add(const Tensor& tensor) {
    elements += tensor.numel();
    bytes += tensor.numel() * (tensor.dtype() == DType::float32 ? 4 : 8);
  }
  std::string line(const char* what) const { return text(what, ": ", grouped(elements), " (", grouped(bytes), " bytes)\n"); }
};

std::string totals(const Module& module, const SourceLine& line) {
  Total all, trainable, frozen, buffers;
  for (const NamedTensor& entry : module.named_parameters(line)) {
    all.add(entry.tensor);
    (entry.tensor.requires_grad() ? trainable : frozen).add(entry.tensor);
  }
  for (const NamedTensor& entry : module.named_buffers(line)) buffers.add(entry.tensor);
  std::string out = all.line("Parameters") + trainable.line("Trainable") + frozen.line("Non-trainable");
  return buffers.elements > 0 ? out + buffers.line("Buffers") : out;
}

}  // namespace

std::string summary(const Module& module, const SummaryOptions& options, SourceLine line) {
  const CallerScope caller(line);
  const std::string title = detail::printable(titled(module.name(), module)) + "\n\n";
  return title + table(rows_of(module, options, line)) + totals(module, line);
}

std::ostream& operator<<(std::ostream& out, const Module& module) { return out << summary(module); }

}  // namespace chainrule::nn
