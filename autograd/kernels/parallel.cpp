// Loops shared among threads by OpenMP; without it, one piece after another.
#include "autograd/kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "autograd/kernels/float_mode.h"

#ifdef _OPENMP
#include <omp.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>
#include <mutex>
#include <optional>
#endif

namespace chainrule::kernels {

namespace {

std::atomic<int> limit{0};  // 0: not set
std::atomic<bool> always_fork{false};

// The size of as many pieces, none longer than grain, that are nearly alike, so that threads have nearly the same to do. Long ones begin
// at a multiple of a cache line's elements.
std::int64_t even_grain(std::int64_t count, std::int64_t grain) {
  constexpr std::int64_t kLong = 4096, kMultiple = 64;
  const std::int64_t pieces = (count - 1) / grain + 1, even = (count - 1) / pieces + 1;
  return even < kLong ? even : std::min(((even - 1) / kMultiple + 1) * kMultiple, grain);
}

Loop evenly(Loop loop) {
  loop.grain = std::max<std::int64_t>(loop.grain, 1);
  if (loop.count > 0) loop.grain = even_grain(loop.count, loop.grain);
  return loop;
}

void run_serial(std::span<const Loop> loops) {
  for (const Loop& given : loops) {
    const Loop loop = evenly(given);
    for (std::int64_t begin = 0; begin < loop.count;) {
      const std::int64_t end = begin + std::min(loop.grain, loop.count - begin);
      loop.body.call(loop.body.object, begin, end);
      begin = end;
    }
  }
}

#ifdef _OPENMP

// What threads share while they run one loop. The pieces are cut into shares, the same for loops of as many pieces: a thread begins with
// its own, whose values its caches may still hold from the loop before, and then helps with the others.
class SharedLoop {
 public:
  SharedLoop(const Loop& loop, int threads)
      : count_(loop.count),
        grain_(loop.grain),
        pieces_((loop.count - 1) / loop.grain + 1),
        threads_(threads),
        shares_(static_cast<int>(std::min<std::int64_t>({threads, kMostShares, pieces_}))),
        failed_(pieces_),
        body_(loop.body) {
    for (int i = 0; i < shares_; ++i) next_[i].piece.store(begin_of(i), std::memory_order_relaxed);
  }

  std::int64_t pieces() const noexcept { return pieces_; }

  // Runs pieces until none is left, and returns how many. Those before a piece that threw still run, so that the first of all that throw is
  // known.
  std::int64_t work(int thread) noexcept {
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

  bool failed() const noexcept { return failed_.load(std::memory_order_relaxed) < pieces_; }
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
// away or has another program's work. After loops that were slower than their pieces in a row, loops stay serial for a while: four times
// the loss while forks have saved more of late, else the longer the more such losses came in a row, so that what they cost stays small
// beside the time between them: the loss itself, and the milliseconds that OpenMP's threads then spin for.
class ForkRecord {
 public:
  bool advises_serial(Clock::time_point now) const { return now < serial_until_; }

  // Whether the caller's pieces are to be timed by its processor time, in which other programs' is not: a call of the system each time, and
  // needless while forks are shorter than what a program is interrupted for.
  bool watches() const { return watched_ > 0; }

  // The loops took from `begin` to `end`; in a row, to go by the caller's own pieces, they would have taken so long.
  void add(Clock::time_point begin, Clock::time_point end, Clock::duration in_a_row) {
    using std::chrono::microseconds;
    constexpr microseconds kAwake{500};                    // threads that had nothing to do for longer may have gone to sleep
    constexpr microseconds kSlack{20}, kSlackToWake{300};  // what a fork may lose
    constexpr microseconds kUnbroken{300};                 // too short for another program to have run in between
    constexpr Clock::duration kMostSaved = microseconds{10000}, kLongest = microseconds{300000};
    constexpr int kMostDoublings = 6, kWatched = 64;
    const auto loss = end - begin - in_a_row;
    const bool awake = begin - last_ < kAwake, known = watches() || end - begin < kUnbroken;
    last_ = end;
    watched_ = end - begin < kUnbroken ? std::max(watched_ - 1, 0) : kWatched;
    if (loss <= (awake ? kSlack : kSlackToWake)) {
      if (known) saved_ = std::min(saved_ - std::min(loss, Clock::duration{0}), kMostSaved);
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
  int doublings_ = 0, watched_ = 0;
};

constinit thread_local ForkRecord fork_record;

constexpr std::size_t kMostLoops = 16;  // of one fork

void run_forked(std::span<const Loop> loops, int threads, Clock::time_point begin) {
  std::array<std::optional<SharedLoop>, kMostLoops> shared;
  for (std::size_t i = 0; i < loops.size(); ++i) shared[i].emplace(loops[i], threads);
  const auto failed_before = [&](std::size_t loop) {
    return std::any_of(shared.begin(), shared.begin() + static_cast<std::ptrdiff_t>(loop),
                       [](const auto& other) { return other->failed(); });
  };
  const FloatMode caller_mode = FloatMode::current();  // of all threads, so that the bits do not depend on who runs a piece
  const bool watches = fork_record.watches();
  Clock::duration own_time{}, in_a_row{};
  bool idle = false;  // had no piece of some loop
#pragma omp parallel num_threads(threads)
  {
    const FloatModeScope mode(caller_mode);
    const int thread = omp_get_thread_num();
    for (std::size_t i = 0; i < loops.size(); ++i) {
      if (loops[i].after_all && i > 0) {
#pragma omp barrier
        if (failed_before(i)) break;
      }
      if (thread > 0) {
        shared[i]->work(thread);
        continue;
      }
      // Not the whole fork, in which the caller may wait for a thread, spinning.
      const Clock::duration before = watches ? thread_time() : Clock::now().time_since_epoch();
      const std::int64_t own = shared[i]->work(thread);
      const Clock::duration time = (watches ? thread_time() : Clock::now().time_since_epoch()) - before;
      own_time += time;
      idle = idle || own == 0;
      if (own > 0) in_a_row += time * shared[i]->pieces() / own;
    }
  }
  if (idle) in_a_row += own_time;  // the other threads had as much to do there, to a first guess
  const Clock::time_point end = Clock::now();
  fork_record.add(begin, end, in_a_row);
  for (std::size_t i = 0; i < loops.size(); ++i) shared[i]->rethrow();
}

// Of many loops, some at a time.
void run_in_forks(std::span<const Loop> loops, int most_threads, Clock::time_point begin) {
  std::array<Loop, kMostLoops> some;
  while (!loops.empty()) {
    std::size_t count = 0;
    std::int64_t pieces = 0;
    bool waits = false;
    for (; count < kMostLoops && !loops.empty(); loops = loops.subspan(1)) {
      waits = waits || loops.front().after_all;
      if (loops.front().count <= 0) continue;
      some[count] = evenly(loops.front());
      some[count].after_all = std::exchange(waits, false);  // also of empty loops before it
      pieces += std::min<std::int64_t>((some[count].count - 1) / some[count].grain + 1, most_threads);
      ++count;
    }
    const std::span<const Loop> now(some.data(), count);
    if (pieces > 1) {
      run_forked(now, static_cast<int>(std::min<std::int64_t>(most_threads, pieces)), begin);
    } else {
      run_serial(now);
    }
    begin = Clock::now();
  }
}

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

void parallel_loops(std::span<const Loop> loops, [[maybe_unused]] bool pays) {
#ifdef _OPENMP
  if (const int limit_now = thread_limit(); pays && limit_now > 1 && !omp_in_parallel()) {
    const Clock::time_point begin = Clock::now();
    if (!fork_record.advises_serial(begin) || always_fork.load(std::memory_order_relaxed)) return run_in_forks(loops, limit_now, begin);
  }
#endif
  run_serial(loops);
}

}  // namespace chainrule::kernels
