// What tests of threads need around them.
#pragma once

#include "autograd/kernels/parallel.h"

namespace chainrule::test {

/// While it lives, loops use the threads they are given however slow that is; afterwards the limit on threads is what it was.
struct AlwaysFork {
  AlwaysFork() { kernels::set_always_fork(true); }
  ~AlwaysFork() {
    kernels::set_thread_limit(limit);
    kernels::set_always_fork(false);
  }
  AlwaysFork(const AlwaysFork&) = delete;
  AlwaysFork& operator=(const AlwaysFork&) = delete;
  int limit = kernels::thread_limit();
};

}  // namespace chainrule::test
