// The inputs of the functions that are being differentiated, and the search for them in a graph.
// Internal header: not installed.
#pragma once

#include <span>
#include <unordered_set>
#include <vector>

#include "autograd/graph/node.h"

namespace chainrule::detail {

/// Calls visit(node) for each node that requires grad and that `result` was computed from, itself included, other than through `excluded`,
/// as long as visit() returns true.
template <class Visit>
void visit_history(const Tensor& result, std::span<const Tensor> excluded, Visit visit) {
  std::unordered_set<const Node*> seen;
  for (const Tensor& tensor : excluded) seen.insert(node_of(tensor));
  std::vector<Node*> work{node_of(result)};
  while (!work.empty()) {
    Node* node = work.back();
    work.pop_back();
    if (!node->requires_grad || !seen.insert(node).second) continue;
    if (!visit(node)) return;
    for (std::uint32_t i = 0; i < node->input_count - node->saved_count; ++i)
      if (node->inputs()[i].defined()) work.push_back(node_of(node->inputs()[i]));  // else freed by a pass
  }
}

/// While it lives, this thread runs a function whose result is then differentiated with respect to these inputs.
class DifferentiatedScope {
 public:
  /// The inputs must outlive the scope.
  [[nodiscard]] explicit DifferentiatedScope(std::span<const Tensor> inputs) noexcept;
  ~DifferentiatedScope();
  DifferentiatedScope(const DifferentiatedScope&) = delete;
  DifferentiatedScope& operator=(const DifferentiatedScope&) = delete;

  /// Returns true inside a scope if ops are recorded.
  static bool in_force() noexcept;
  /// Returns true if the Tensor depends on inputs of any scope of this thread, other than through `excluded`.
  static bool reaches(const Tensor& tensor, std::span<const Tensor> excluded);

 private:
  const DifferentiatedScope* const outer_;
  const std::span<const Tensor> inputs_;
};

}  // namespace chainrule::detail
