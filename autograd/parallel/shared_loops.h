// Loops whose pieces are distributed over several threads.
// Internal header: not installed.
#pragma once

#include <hwy/cache_control.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "autograd/parallel/float_mode.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

/// Waits until done() returns true: spins at first, then yields, and finally sleeps so that threads of any priority can run.
template <class Done>
void wait_until(const Done& done) {
  constexpr int kSpins = 2000, kYields = 2000;
  for (int tries = 0; !done(); ++tries) {
    if (tries < kSpins) {
      hwy::Pause();
    } else if (tries < kSpins + kYields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
}

/// One loop. Its pieces are divided into shares, in the same way for all loops with the same number of pieces. A thread begins with its own
/// share, whose values its caches may still hold from the loop before, and then helps with the other shares.
class alignas(64) SharedLoop {
 public:
  /// `loop` must have at least one piece.
  SharedLoop(const Loop& loop, int threads)
      : count_(loop.count),
        grain_(loop.grain),
        pieces_((loop.count - 1) / loop.grain + 1),
        failed_(pieces_),
        body_(loop.body),
        threads_(threads),
        shares_(static_cast<int>(std::min<std::int64_t>({threads, kMostShares, pieces_}))) {
    std::int64_t begin = 0;
    for (int i = 0; i < shares_; ++i) {
      const std::int64_t end = pieces_ * (i + 1) / shares_;
      share_[i].next.store(std::exchange(begin, end), std::memory_order_relaxed);
      share_[i].end = end;
    }
  }

  std::int64_t pieces() const noexcept { return pieces_; }

  /// Runs pieces until none is left, and returns how many this thread ran. After an exception only the pieces before the one that threw
  /// still run, so that the first piece that throws is always the same.
  std::int64_t work(int thread) noexcept {
    std::int64_t done = 0;
    int at = shares_ == threads_ ? thread : static_cast<int>(std::int64_t{thread} * shares_ / threads_);
    for (int i = 0; i < shares_; ++i) {
      Share& share = share_[at];
      if (++at == shares_) at = 0;
      if (share.next.load(std::memory_order_relaxed) >= share.end) continue;
      for (std::int64_t piece; (piece = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end; ++done) {
        if (piece < failed_.load(std::memory_order_relaxed)) run(piece);
      }
    }
    return done;
  }

  /// Returns true if a piece threw.
  bool failed() const noexcept { return failed_.load(std::memory_order_relaxed) < pieces_; }
  /// Throws the exception of the first piece that threw, if any.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  static constexpr int kMostShares = 16;

  struct alignas(64) Share {
    std::atomic<std::int64_t> next;
    std::int64_t end;
  };

  void run(std::int64_t piece) noexcept {
    const std::int64_t begin = piece * grain_;
    try {
      body_.call(body_.object, begin, begin + std::min(grain_, count_ - begin));
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (piece < failed_) {
        failed_ = piece;
        error_ = std::current_exception();
      }
    }
  }

  // These members are read by every thread and share a cache line.
  const std::int64_t count_, grain_, pieces_;
  std::atomic<std::int64_t> failed_;  // the first piece that threw, or the number of pieces
  const RangeBody body_;
  const int threads_, shares_;

  Share share_[kMostShares];
  std::mutex mutex_;
  std::exception_ptr error_;
};

/// Several loops. Threads may join at any time or not at all: the others wait only for pieces that a thread has already taken.
class SharedLoops {
 public:
  static constexpr std::size_t kMost = 16;

  /// There must be at most kMost loops, each with at least one piece. `threads` includes the caller.
  SharedLoops(std::span<const Loop> loops, int threads) : loops_(loops), threads_(threads), mode_(FloatMode::current()) {
    for (std::size_t i = 0; i < loops.size(); ++i) {
      waits_ = waits_ || loops[i].after_all;
      shared_[i].emplace(loops[i], threads);
    }
  }

  int threads() const noexcept { return threads_; }

  /// Runs pieces on a thread other than the caller; `thread` is its number, from 1.
  void work(int thread) noexcept {
    if (thread >= threads_) return;
    const FloatModeScope mode(mode_);  // the caller's mode, so that the bits do not depend on the thread that runs a piece
    run([thread](SharedLoop& loop) { return loop.work(thread); });
  }

  /// Runs pieces on the calling thread. Returns the time that all pieces would have taken one after another, estimated from the caller's
  /// own pieces; now() returns the time.
  template <class Now>
  auto work_as_caller(const Now& now) noexcept {
    decltype(now() - now()) own_time{}, in_a_row{};
    bool idle = false;  // the caller got no piece of some loop
    run([&](SharedLoop& loop) {
      const auto before = now();  // leaves out the wait for other threads
      const std::int64_t own = loop.work(0);
      const auto time = now() - before;
      own_time += time;
      idle = idle || own == 0;
      if (own > 0) in_a_row += time * loop.pieces() / own;
      return own;
    });
    return idle ? in_a_row + own_time : in_a_row;  // assumes that the other threads worked as long in those loops as the caller in its own
  }

  /// Throws the exception of the first piece that threw in the first loop with one, if any. Call it when all threads have left.
  void rethrow() const {
    for (std::size_t i = 0; i < loops_.size(); ++i) shared_[i]->rethrow();
  }

 private:
  template <class Work>
  void run(const Work& work) noexcept {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i].after_all && i > 0) {
        wait_until([&] { return done_.load(std::memory_order_acquire) >= before; });
        if (failed_before(i)) return;
      }
      const std::int64_t own = work(*shared_[i]);
      if (waits_ && own > 0) done_.fetch_add(own, std::memory_order_release);
      before += shared_[i]->pieces();
    }
  }

  bool failed_before(std::size_t loop) const noexcept {
    for (std::size_t i = 0; i < loop; ++i) {
      if (shared_[i]->failed()) return true;
    }
    return false;
  }

  const std::span<const Loop> loops_;
  const int threads_;
  bool waits_ = false;
  const FloatMode mode_;
  alignas(64) std::atomic<std::int64_t> done_{0};  // pieces that have ended; counted only if a loop waits
  std::array<std::optional<SharedLoop>, kMost> shared_;
};

}  // namespace chainrule::kernels
