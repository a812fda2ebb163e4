// What the engine holds at the moment, and how many threads it may use.
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

/// Sets how many threads ops may share their work among, for the whole process. Results do not depend on it, bit for bit.
/// @throws std::invalid_argument for n < 1.
void set_num_threads(int n);

/// What set_num_threads set, else what OpenMP (OMP_NUM_THREADS) says.
int num_threads() noexcept;

}  // namespace chainrule
