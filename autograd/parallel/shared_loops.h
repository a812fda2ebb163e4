// Loops whose pieces several threads share.
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

/// Waits until done(): at first without giving the processor away, in the end so that threads of any priority get it.
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

/// One loop. The pieces are cut into shares, the same for loops of as many pieces: a thread begins with its own, whose values its caches
/// may still hold from the loop before, and then helps with the others.
class alignas(64) SharedLoop {
 public:
  /// `loop` has a piece at least.
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

  /// Runs pieces until none is left, and returns how many. Those before a piece that threw still run, so that the first of all that throw
  /// is known.
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

  bool failed() const noexcept { return failed_.load(std::memory_order_relaxed) < pieces_; }
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

  // What every thread reads, in one cache line.
  const std::int64_t count_, grain_, pieces_;
  std::atomic<std::int64_t> failed_;  // the first piece that threw, else the number of pieces
  const RangeBody body_;
  const int threads_, shares_;

  Share share_[kMostShares];
  std::mutex mutex_;
  std::exception_ptr error_;
};

/// Several loops. A thread may come to them at any time or not at all: those that are there wait only for pieces that are taken.
class SharedLoops {
 public:
  static constexpr std::size_t kMost = 16;

  /// `loops` are kMost at most, with a piece each at least; `threads` counts the caller.
  SharedLoops(std::span<const Loop> loops, int threads) : loops_(loops), threads_(threads), mode_(FloatMode::current()) {
    for (std::size_t i = 0; i < loops.size(); ++i) {
      waits_ = waits_ || loops[i].after_all;
      shared_[i].emplace(loops[i], threads);
    }
  }

  int threads() const noexcept { return threads_; }

  /// The part of one of the other threads, 1 and up.
  void work(int thread) noexcept {
    if (thread >= threads_) return;
    const FloatModeScope mode(mode_);  // the caller's, so that the bits do not depend on who runs a piece
    run([thread](SharedLoop& loop) { return loop.work(thread); });
  }

  /// The caller's part. Returns how long all pieces would have taken in a row, to go by those; now() is the time.
  template <class Now>
  auto work_as_caller(const Now& now) noexcept {
    decltype(now() - now()) own_time{}, in_a_row{};
    bool idle = false;  // had no piece of some loop
    run([&](SharedLoop& loop) {
      const auto before = now();  // not with the wait for other threads
      const std::int64_t own = loop.work(0);
      const auto time = now() - before;
      own_time += time;
      idle = idle || own == 0;
      if (own > 0) in_a_row += time * loop.pieces() / own;
      return own;
    });
    return idle ? in_a_row + own_time : in_a_row;  // the other threads had as much to do there, to a first guess
  }

  /// Throws what the first piece of the first loop that threw did. To be called when all threads have left.
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
  alignas(64) std::atomic<std::int64_t> done_{0};  // pieces
  std::array<std::optional<SharedLoop>, kMost> shared_;
};

}  // namespace chainrule::kernels
