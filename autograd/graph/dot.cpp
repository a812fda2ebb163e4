#include "autograd/graph/dot.h"

#include <map>

#include "autograd/graph/record.h"

namespace chainrule {

using namespace detail;

namespace {

constexpr std::int64_t kShownElements = 8;  // larger values are left out

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

// Returns the elements as text in one line, "[1, 2]", or "" if there are more than kShownElements.
std::string small_value(const Tensor& tensor) {
  if (node_of(tensor)->numel > kShownElements) return {};
  std::string words;  // tensor([1, 2], float32, ...)
  for (const char c : text(tensor)) {
    const bool is_space = c == ' ' || c == '\n';
    if (is_space && (words.back() == ' ' || words.back() == '[')) continue;
    words += is_space ? ' ' : c;
  }
  const std::size_t from = words.find('(') + 1;
  return words.substr(from, words.find(std::string(", ") + dtype_name(node_of(tensor)->dtype)) - from);
}

std::string label(Node* node) {
  const Tensor tensor = Node::share(node);
  std::string words;
  if (node->extras != nullptr && !node->extras->name.empty()) words += escaped(node->extras->name) + "\\n";
  words += node->recorded ? escaped(node->op) : node->requires_grad ? "leaf" : "constant";
  words += " " + shape_of(node).str();
  if (node->dtype != DType::float32) words += std::string(" ") + dtype_name(node->dtype);
  if (const std::string value = small_value(tensor); !value.empty()) words += "\\n" + escaped(value);
  if (node->extras != nullptr && node->extras->grad.defined()) {
    const std::string gradient = small_value(node->extras->grad);
    words += "\\ngrad " + (gradient.empty() ? shape_of(node->extras->grad).str() : escaped(gradient));
  }
  return words;
}

}  // namespace

std::string to_dot(const TensorArg& output) {
  Node* root = defined_node("to_dot", output.tensor(), output.line());
  std::map<const Node*, std::size_t> numbers{{root, 0}};
  std::vector<Node*> nodes{root};
  std::string edges;
  for (std::size_t next = 0; next < nodes.size(); ++next) {
    Node* node = nodes[next];
    for (std::uint32_t i = 0; i < node->input_count - node->saved_count; ++i) {
      if (!node->inputs()[i].defined()) continue;  // freed by a pass
      Node* input = node_of(node->inputs()[i]);
      const auto [at, fresh] = numbers.try_emplace(input, nodes.size());
      if (fresh) nodes.push_back(input);
      edges += text("  n", at->second, " -> n", next, ";\n");
    }
  }
  std::string graph = "digraph {\n  rankdir=LR;\n  node [fontname=\"monospace\", fontsize=10];\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const char* style = nodes[i]->recorded        ? "shape=ellipse"
                        : nodes[i]->requires_grad ? "shape=box, style=filled, fillcolor=lightyellow"
                                                  : "shape=box, style=filled, fillcolor=gray93";
    graph += text("  n", i, " [", style, ", label=\"", label(nodes[i]), "\"];\n");
  }
  return graph + edges + "}\n";
}

}  // namespace chainrule
