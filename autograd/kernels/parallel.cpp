// Loops shared among threads by OpenMP; without it, one piece after another.
#include "autograd/kernels/parallel.h"

#include <algorithm>
#include <atomic>
#include <utility>

#ifdef _OPENMP
#include <omp.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>

#include "autograd/kernels/fork_record.h"
#include "autograd/kernels/shared_loops.h"
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

// The processor time that the calling thread has had.
Clock::duration thread_time() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

constinit thread_local ForkRecord fork_record;

// The threads that wait for the loops of this one, where some do and it is not in a piece of a loop.
constinit thread_local KeptThreads* kept_threads = nullptr;
constinit thread_local int loops_shared = 0;  // or to be shared, had forks not been slow

void run_forked(std::span<const Loop> loops, int threads, Clock::time_point begin) {
  SharedLoops shared(loops, threads);
  Clock::duration in_a_row{};
  const auto now = [watches = fork_record.watches()] { return watches ? thread_time() : Clock::now().time_since_epoch(); };
  if (KeptThreads* const kept = std::exchange(kept_threads, nullptr)) {
    in_a_row = kept->run(shared, now);
    kept_threads = kept;
  } else {
#pragma omp parallel num_threads(threads)
    {
      if (const int thread = omp_get_thread_num(); thread > 0) {
        shared.work(thread);
      } else {
        in_a_row = shared.work_as_caller(now);
      }
    }
  }
  fork_record.add(begin, Clock::now(), in_a_row);
  shared.rethrow();
}

// Of many loops, some at a time.
void run_in_forks(std::span<const Loop> loops, int most_threads, Clock::time_point begin) {
  std::array<Loop, SharedLoops::kMost> some;
  while (!loops.empty()) {
    std::size_t count = 0;
    std::int64_t pieces = 0;
    bool waits = false;
    for (; count < SharedLoops::kMost && !loops.empty(); loops = loops.subspan(1)) {
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
  if (const int limit_now = thread_limit(); pays && limit_now > 1 && (kept_threads != nullptr || !omp_in_parallel())) {
    ++loops_shared;
    const Clock::time_point begin = Clock::now();
    if (!fork_record.advises_serial(begin) || always_fork.load(std::memory_order_relaxed)) return run_in_forks(loops, limit_now, begin);
  }
#endif
  run_serial(loops);
}

void run_steps(const Step& step) {
#ifdef _OPENMP
  constexpr int kLoopsToKeepFor = 2;  // of one step: threads kept for one would cost what its fork does
  const auto shared_enough = [] { return std::exchange(loops_shared, 0) >= kLoopsToKeepFor; };
  const auto may_keep = [](int threads) {
    if (threads < 2 || kept_threads != nullptr || omp_in_parallel()) return false;
    if (always_fork.load(std::memory_order_relaxed)) return true;
    return threads <= omp_get_num_procs() && !fork_record.advises_serial(Clock::now());  // else they would get in each other's way
  };
  loops_shared = 0;
  for (bool more = true; more;) {
    more = step.call(step.object);
    const int threads = thread_limit();
    if (!shared_enough() || !more || !may_keep(threads)) continue;
    KeptThreads kept;
    std::exception_ptr error;
#pragma omp parallel num_threads(threads)
    {
      if (const int thread = omp_get_thread_num(); thread > 0) {
        kept.serve(thread);
      } else {
        kept_threads = &kept;
        try {
          do more = step.call(step.object);
          while (more && shared_enough() && thread_limit() == threads);
        } catch (...) {
          error = std::current_exception();
        }
        kept_threads = nullptr;
        kept.release();
      }
    }
    if (error) std::rethrow_exception(error);
  }
#else
  while (step.call(step.object)) {
  }
#endif
}

}  // namespace chainrule::kernels
