#include "autograd/derivatives/pass_table.h"

namespace chainrule::detail {

constinit thread_local KeptPassMemory kept_pass_memory;

bool make_kept_pass_memory() {
  if (kept_pass_memory.ended) return false;
  struct End {
    ~End() {
      delete std::exchange(kept_pass_memory.memory, nullptr);
      kept_pass_memory.ended = true;
    }
  };
  kept_pass_memory.memory = new PassMemory;
  thread_local const End end;
  static_cast<void>(end);
  return true;
}

}  // namespace chainrule::detail
