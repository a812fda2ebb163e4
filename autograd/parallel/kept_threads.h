// Threads that stay ready for the parallel loops of one caller, from one step of a training loop to the next.
// Internal header: not installed.
#pragma once

#include <hwy/cache_control.h>
#include <atomic>
#include <chrono>

#include "autograd/parallel/shared_loops.h"

namespace chainrule::kernels {

/// Threads that wait for the loops of another thread, the caller. This avoids a fork for each loop, which takes a system call and waits for
/// all threads, even for those that arrive too late to find a piece.
class KeptThreads {
 public:
  /// The body of a waiting thread: takes part in the caller's loops until release(). `thread` is its number, from 1.
  void serve(int thread) noexcept {
    for (unsigned seen = 0;;) {
      seen = wait_for_change(seen);
      if (released_.load(std::memory_order_relaxed)) return;
      if (thread >= wanted_.load(std::memory_order_relaxed)) continue;
      inside_.fetch_add(1, std::memory_order_seq_cst);  // either run() sees this count, or this thread sees that the loops are over
      if (SharedLoops* const loops = loops_.load(std::memory_order_seq_cst)) loops->work(thread);
      inside_.fetch_sub(1, std::memory_order_release);
    }
  }

  /// Runs loops on the calling thread together with the waiting threads. Returns the result of SharedLoops::work_as_caller().
  template <class Now>
  auto run(SharedLoops& loops, const Now& now) noexcept {
    wanted_.store(loops.threads(), std::memory_order_relaxed);
    loops_.store(&loops, std::memory_order_seq_cst);
    change();
    const auto in_a_row = loops.work_as_caller(now);
    loops_.store(nullptr, std::memory_order_seq_cst);
    wait_until([this] { return inside_.load(std::memory_order_seq_cst) == 0; });
    return in_a_row;
  }

  /// Ends serve() in all waiting threads.
  void release() noexcept {
    released_.store(true, std::memory_order_relaxed);
    change();
  }

 private:
  // Waits until changes_ differs from `seen` and returns its value. Spins for a while, then sleeps.
  unsigned wait_for_change(unsigned seen) noexcept {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::microseconds kAwake{500};
    constexpr int kSpins = 64;  // tries between two readings of the clock
    const Clock::time_point sleep = Clock::now() + kAwake;
    do {
      for (int spins = 0; spins < kSpins; ++spins, hwy::Pause()) {
        if (const unsigned now = changes_.load(std::memory_order_acquire); now != seen) return now;
      }
    } while (Clock::now() < sleep);
    changes_.wait(seen, std::memory_order_acquire);
    return changes_.load(std::memory_order_acquire);
  }

  void change() noexcept {
    changes_.fetch_add(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);  // a thread that goes to sleep sees the change, or notify_all() sees the thread
    changes_.notify_all();
  }

  alignas(64) std::atomic<unsigned> changes_{0};
  std::atomic<int> wanted_{0};  // number of threads that the loops use, including the caller
  std::atomic<bool> released_{false};
  std::atomic<SharedLoops*> loops_{nullptr};
  alignas(64) std::atomic<int> inside_{0};
};

}  // namespace chainrule::kernels
