#include "autograd/stats.h"

#include <stdexcept>
#include <string>

#include "autograd/kernels/parallel.h"
#include "autograd/memory.h"

namespace chainrule {

GraphStats graph_stats() {
  const detail::Totals totals = detail::total_counts();
  return {totals.tensors, totals.nodes, totals.bytes};
}

void set_num_threads(int n) {
  if (n < 1) throw std::invalid_argument("set_num_threads: got " + std::to_string(n) + ", expected at least 1");
  kernels::set_thread_limit(n);
}

int num_threads() noexcept { return kernels::thread_limit(); }

}  // namespace chainrule
