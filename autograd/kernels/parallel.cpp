// Loops shared among threads by OpenMP; without it, one piece after another.
#include "autograd/kernels/parallel.h"

#include <algorithm>
#include <atomic>

#include "autograd/kernels/float_mode.h"

#ifdef _OPENMP
#include <omp.h>

#include <chrono>
#include <exception>
#include <mutex>
#endif

namespace chainrule::kernels {

namespace {

std::atomic<int> limit{0};  // 0: not set
std::atomic<bool> always_fork{false};

void run_serial(std::int64_t count, std::int64_t grain, RangeBody body) {
  for (std::int64_t begin = 0; begin < count;) {
    const std::int64_t end = begin + std::min(grain, count - begin);
    body.call(body.object, begin, end);
    begin = end;
  }
}

#ifdef _OPENMP

// What threads share while they run one loop.
class SharedLoop {
 public:
  SharedLoop(std::int64_t count, std::int64_t grain, RangeBody body)
      : count_(count), grain_(grain), pieces_((count - 1) / grain + 1), failed_(pieces_), body_(body), mode_(FloatMode::current()) {}

  std::int64_t pieces() const { return pieces_; }

  // Runs pieces until none is left, and returns how many. Those before a piece that threw still run, so that the first of all that
  // throw is known.
  std::int64_t work() noexcept {
    const FloatModeScope mode(mode_);  // the caller's, so that the bits do not depend on who runs a piece
    std::int64_t done = 0;
    for (std::int64_t piece; (piece = next_.fetch_add(1, std::memory_order_relaxed)) < failed_.load(std::memory_order_relaxed); ++done) {
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
    return done;
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const std::int64_t count_, grain_, pieces_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::int64_t> failed_;  // the first piece that threw, else the number of pieces
  const RangeBody body_;
  const FloatMode mode_;
  std::mutex mutex_;
  std::exception_ptr error_;
};

using Clock = std::chrono::steady_clock;

// One thread's experience with its forks. A fork takes a microsecond, but hundreds while the processor that a thread waits on is
// lent away; after a loop that was slower than its pieces in a row, loops stay serial, the longer the more often that came in a row.
class ForkRecord {
 public:
  bool advises_serial(Clock::time_point now) const { return now < serial_until_; }

  // The caller ran `own` of the pieces until `own_end`, then waited for the others until `end`.
  void add(Clock::time_point begin, Clock::time_point own_end, Clock::time_point end, std::int64_t own, std::int64_t pieces) {
    constexpr std::chrono::microseconds kSlack{20};
    constexpr std::chrono::seconds kLongest{1};
    constexpr int kMostDoublings = 6;
    const auto in_a_row = own == 0 ? end - begin : (own_end - begin) * pieces / own;
    if (end - begin <= in_a_row + kSlack) {
      doublings_ = 0;
      return;
    }
    doublings_ = std::min(doublings_ + 1, kMostDoublings);
    serial_until_ = end + std::min<Clock::duration>((end - own_end) * (1 << doublings_), kLongest);
  }

 private:
  Clock::time_point serial_until_{};
  int doublings_ = 0;
};

constinit thread_local ForkRecord fork_record;

#endif

}  // namespace

void set_always_fork(bool on) noexcept { always_fork.store(on, std::memory_order_relaxed); }

void set_thread_limit(int n) noexcept { limit.store(std::max(n, 1), std::memory_order_relaxed); }

int thread_limit() noexcept {
  const int set = limit.load(std::memory_order_relaxed);
#ifdef _OPENMP
  return set > 0 ? set : omp_get_max_threads();
#else
  return std::max(set, 1);
#endif
}

void parallel_pieces(std::int64_t count, std::int64_t grain, RangeBody body) {
  grain = std::max<std::int64_t>(grain, 1);
#ifdef _OPENMP
  if (count > grain && !omp_in_parallel()) {
    if (const int limit_now = thread_limit(); limit_now > 1) {
      const Clock::time_point begin = Clock::now();
      if (fork_record.advises_serial(begin) && !always_fork.load(std::memory_order_relaxed)) return run_serial(count, grain, body);
      SharedLoop loop(count, grain, body);
      const int threads = static_cast<int>(std::min<std::int64_t>(limit_now, loop.pieces()));
      std::int64_t own = 0;
      Clock::time_point own_end;
#pragma omp parallel num_threads(threads)
      {
        const std::int64_t done = loop.work();
        if (omp_get_thread_num() == 0) {
          own = done;
          own_end = Clock::now();
        }
      }
      fork_record.add(begin, own_end, Clock::now(), own, loop.pieces());
      loop.rethrow();
      return;
    }
  }
#endif
  run_serial(count, grain, body);
}

}  // namespace chainrule::kernels
