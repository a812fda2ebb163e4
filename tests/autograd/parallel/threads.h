// Helpers for tests of threads.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "autograd/parallel/parallel.h"

namespace chainrule::test {

/// Lets two pieces wait for each other, for at most ten seconds, which requires two threads to run them.
class Meeting {
 public:
  /// Returns whether the other piece arrived.
  bool come() {
    ++here_;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (here_ < 2 && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    return here_ >= 2;
  }

 private:
  std::atomic<int> here_{0};
};

/// While an object exists, loops use all threads of their limit, however slow that is. Its destructor restores the limit.
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
