// Helpers for tests of threads.
#pragma once

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "autograd/parallel/parallel.h"
#include "autograd/parallel/threads.h"

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

using Range = std::pair<std::int64_t, std::int64_t>;

/// The pieces that a loop runs, each once.
inline std::set<Range> pieces_of(std::int64_t count, std::int64_t grain) {
  std::mutex mutex;
  std::set<Range> seen;
  kernels::parallel_pieces(count, grain, [&](std::int64_t begin, std::int64_t end) {
    const std::lock_guard lock(mutex);
    BOOST_TEST(seen.emplace(begin, end).second);
  });
  return seen;
}

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

/// Afterwards the number of threads is what it was.
struct ThreadsRestored {
  int before = num_threads();
  ~ThreadsRestored() { set_num_threads(before); }
};

}  // namespace chainrule::test
