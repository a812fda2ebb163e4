// What the engine holds at the moment.
#pragma once

#include <cstdint>

namespace chainrule {

/// Counts over all threads; back to where they were once the handles are gone.
struct GraphStats {
  std::int64_t tensors = 0;  ///< live Tensors (nodes of any kind)
  std::int64_t nodes = 0;    ///< of those, results that an op recorded
  std::int64_t bytes = 0;    ///< taken by values and nodes, without what is kept for reuse

  bool operator==(const GraphStats&) const noexcept = default;
};

GraphStats graph_stats();

}  // namespace chainrule
