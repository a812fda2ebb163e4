#include "autograd/base/stats.h"

#include "autograd/base/memory.h"

namespace chainrule {

GraphStats graph_stats() {
  const detail::Totals totals = detail::total_counts();
  return {totals.tensors, totals.nodes, totals.bytes};
}

}  // namespace chainrule
