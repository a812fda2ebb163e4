// Counts of the Tensors, graph nodes and bytes that are alive, to find leaks.
#pragma once

#include <cstdint>

#pragma GCC visibility push(default)
namespace chainrule {

/// Counts over all threads. Each returns to its earlier value when the Tensors created in between are gone.
struct GraphStats {
  std::int64_t tensors = 0;  ///< Tensors alive; handles to the same Tensor count once
  std::int64_t nodes = 0;    ///< the Tensors among them that a recorded op computed
  std::int64_t bytes = 0;    ///< memory of values and nodes in bytes, without the free memory that is kept for reuse

  /// Returns true if all counts are equal.
  bool operator==(const GraphStats&) const noexcept = default;
};

/// Returns the current counts.
GraphStats graph_stats();

}  // namespace chainrule
#pragma GCC visibility pop
