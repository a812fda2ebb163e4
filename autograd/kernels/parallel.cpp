// Loops shared among threads by OpenMP; without it, one piece after another.
#include "autograd/kernels/parallel.h"

#include <algorithm>
#include <atomic>

#include "autograd/kernels/float_mode.h"

#ifdef _OPENMP
#include <omp.h>
#include <time.h>

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

// What threads share while they run one loop. The pieces are cut into shares, the same for loops of as many pieces: a thread begins with
// its own, whose values its caches may still hold from the loop before, and then helps with the others.
class SharedLoop {
 public:
  SharedLoop(std::int64_t count, std::int64_t grain, int threads, RangeBody body)
      : count_(count),
        grain_(grain),
        pieces_((count - 1) / grain + 1),
        threads_(static_cast<int>(std::min<std::int64_t>(threads, pieces_))),
        shares_(std::min(threads_, kMostShares)),
        failed_(pieces_),
        body_(body),
        mode_(FloatMode::current()) {
    for (int i = 0; i < shares_; ++i) next_[i].piece.store(begin_of(i), std::memory_order_relaxed);
  }

  std::int64_t pieces() const { return pieces_; }
  int threads() const { return threads_; }

  // Runs pieces until none is left, and returns how many. Those before a piece that threw still run, so that the first of all that
  // throw is known.
  std::int64_t work(int thread) noexcept {
    const FloatModeScope mode(mode_);  // the caller's, so that the bits do not depend on who runs a piece
    const int own = static_cast<int>(std::int64_t{thread} * shares_ / threads_);
    std::int64_t done = 0;
    for (int i = 0; i < shares_; ++i) {
      const int share = (own + i) % shares_;
      const std::int64_t end = begin_of(share + 1);
      std::atomic<std::int64_t>& next = next_[share].piece;
      if (next.load(std::memory_order_relaxed) >= end) continue;
      for (std::int64_t piece; (piece = next.fetch_add(1, std::memory_order_relaxed)) < end; ++done) {
        if (piece < failed_.load(std::memory_order_relaxed)) run(piece);
      }
    }
    return done;
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  static constexpr int kMostShares = 16;

  struct alignas(64) Next {
    std::atomic<std::int64_t> piece;
  };

  std::int64_t begin_of(int share) const { return pieces_ * share / shares_; }

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

  const std::int64_t count_, grain_, pieces_;
  const int threads_, shares_;
  Next next_[kMostShares];            // of each share
  std::atomic<std::int64_t> failed_;  // the first piece that threw, else the number of pieces
  const RangeBody body_;
  const FloatMode mode_;
  std::mutex mutex_;
  std::exception_ptr error_;
};

using Clock = std::chrono::steady_clock;

// The processor time that the calling thread has had.
Clock::duration thread_time() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// One thread's experience with its forks. A fork takes a microsecond, but milliseconds while the processor that a thread waits on is lent
// away or has another program's work. After a loop that was slower than its pieces in a row, loops stay serial for a while: four times the
// loss while forks have saved more of late, else the longer the more such losses came in a row, so that what they cost stays small beside
// the time between them: the loss itself, and the milliseconds that OpenMP's threads then spin for.
class ForkRecord {
 public:
  bool advises_serial(Clock::time_point now) const { return now < serial_until_; }

  // The loop took from `begin` to `end`; the caller ran `own` of the pieces, which took it so much processor time: not what other programs
  // had in between.
  void add(Clock::time_point begin, Clock::time_point end, Clock::duration own_time, std::int64_t own, std::int64_t pieces) {
    using std::chrono::microseconds;
    constexpr microseconds kAwake{500};                    // threads that had nothing to do for longer may have gone to sleep
    constexpr microseconds kSlack{20}, kSlackToWake{300};  // what a fork may lose
    constexpr Clock::duration kMostSaved = microseconds{10000}, kLongest = microseconds{300000};
    constexpr int kMostDoublings = 6;
    const auto in_a_row = own == 0 ? end - begin : own_time * pieces / own;
    const auto loss = end - begin - in_a_row;
    const bool awake = begin - last_ < kAwake;
    last_ = end;
    if (loss <= (awake ? kSlack : kSlackToWake)) {
      saved_ = std::min(saved_ - std::min(loss, Clock::duration{0}), kMostSaved);
      return;
    }
    if (saved_ > 2 * loss) {
      saved_ -= loss;
      doublings_ = 0;
    } else {
      saved_ = {};
      doublings_ = std::min(doublings_ + 1, kMostDoublings);
    }
    serial_until_ = end + std::max(4 * loss, std::min(loss * (1 << doublings_), kLongest));
  }

 private:
  Clock::time_point serial_until_{}, last_{};
  Clock::duration saved_{};
  int doublings_ = 0;
};

constinit thread_local ForkRecord fork_record;

#endif

// The size of as many pieces, none longer than grain, that are nearly alike, so that threads have nearly the same to do. Long ones begin
// at a multiple of a cache line's elements.
std::int64_t even_grain(std::int64_t count, std::int64_t grain) {
  constexpr std::int64_t kLong = 4096, kMultiple = 64;
  const std::int64_t pieces = (count - 1) / grain + 1, even = (count - 1) / pieces + 1;
  return even < kLong ? even : std::min(((even - 1) / kMultiple + 1) * kMultiple, grain);
}

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
  if (count <= 0) return;
  grain = even_grain(count, std::max<std::int64_t>(grain, 1));
#ifdef _OPENMP
  if (count > grain && !omp_in_parallel()) {
    if (const int limit_now = thread_limit(); limit_now > 1) {
      const Clock::time_point begin = Clock::now();
      if (fork_record.advises_serial(begin) && !always_fork.load(std::memory_order_relaxed)) return run_serial(count, grain, body);
      SharedLoop loop(count, grain, limit_now, body);
      std::int64_t own = 0;
      Clock::duration own_time{};
#pragma omp parallel num_threads(loop.threads())
      {
        if (const int thread = omp_get_thread_num(); thread > 0) {
          loop.work(thread);
        } else {
          const Clock::duration work_begin = thread_time();  // not before: the fork may wait for a thread, spinning
          own = loop.work(0);
          own_time = thread_time() - work_begin;
        }
      }
      fork_record.add(begin, Clock::now(), own_time, own, loop.pieces());
      loop.rethrow();
      return;
    }
  }
#endif
  run_serial(count, grain, body);
}

}  // namespace chainrule::kernels
