// Parallel loops on OpenMP threads; without OpenMP the pieces run one after another.
#include "autograd/parallel/parallel.h"

#include <algorithm>
#include <atomic>
#include <utility>

#ifdef _OPENMP
#include <omp.h>
#include <pthread.h>
#include <time.h>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

#include <array>
#include <chrono>
#include <cstddef>
#include <exception>

#include "autograd/parallel/fork_policy.h"
#include "autograd/parallel/kept_threads.h"
#include "autograd/parallel/shared_loops.h"
#endif

namespace chainrule::kernels {

namespace {

std::atomic<int> limit{0};  // 0: not set
std::atomic<bool> always_fork{false};

// Returns the grain that gives the same number of pieces of nearly the same size, none longer than `grain`, so that threads have nearly the
// same work. Long pieces start at a multiple of a cache line.
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

using Clock = ForkPolicy::Clock;

// A child process made by fork() does not have the threads that OpenMP waits for, so loops run on one thread there, unless the parent
// process had no other threads either.
constinit bool had_threads = false, lost_threads = false;
const int watches_forks = pthread_atfork(
    [] {
#if __has_include(<sys/single_threaded.h>)
      had_threads = __libc_single_threaded == 0;
#else
      had_threads = true;
#endif
    },
    nullptr, [] { lost_threads = lost_threads || had_threads; });

// Returns the processor time used by the calling thread.
Clock::duration thread_time() noexcept {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

constinit thread_local ForkPolicy fork_policy;

// The threads that wait for loops of this thread; null if there are none, or while this thread runs a piece of a loop.
constinit thread_local KeptThreads* kept_threads = nullptr;
// The result of omp_get_max_threads() before these threads were started (inside their region it would be that of a nested region); 0 if
// there are none.
constinit thread_local int limit_outside = 0;

constexpr int kLoopsToKeepFor = 2;  // parallel loops that a step must have: for a single one, kept threads cost as much as a fork
constinit thread_local int loops_of_step = 0;  // loops of this step that forked, or would have if forks were fast; at most kLoopsToKeepFor

void count_loop() { loops_of_step = std::min(loops_of_step + 1, kLoopsToKeepFor); }

void run_forked(std::span<const Loop> loops, int threads, Clock::time_point begin) {
  SharedLoops shared(loops, threads);
  Clock::duration in_a_row{};
  const auto now = [watches = fork_policy.watches()] { return watches ? thread_time() : Clock::now().time_since_epoch(); };
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
  fork_policy.add(begin, Clock::now(), in_a_row);
  shared.rethrow();
}

// Runs any number of loops, at most SharedLoops::kMost of them in each fork.
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
      some[count].after_all = std::exchange(waits, false);  // also if an empty loop before it had after_all
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

// OpenMP's number of threads. libgomp makes a negative number of an OMP_NUM_THREADS that is too large for int.
int openmp_limit() noexcept {
  const int threads = omp_get_max_threads();
  return threads > 0 ? threads : omp_get_num_procs();
}

// Returns true if keeping threads ready is likely to help now.
bool may_keep(int threads) {
  if (threads < 2) return false;
  if (always_fork.load(std::memory_order_relaxed)) return true;
  return !fork_policy.advises_serial(Clock::now()) && threads <= omp_get_num_procs();  // more spinning threads would slow each other down
}

// Runs at least one step, and further ones while there are any and goes_on() returns true, with threads that stay ready. Returns true if
// there is another step.
template <class GoesOn>
bool run_steps_with(int threads, const Step& step, const GoesOn& goes_on) {
  KeptThreads kept;
  const int limit_now = openmp_limit();
  bool more = true;
  std::exception_ptr error;
#pragma omp parallel num_threads(threads)
  {
    if (const int thread = omp_get_thread_num(); thread > 0) {
      kept.serve(thread);
    } else {
      kept_threads = &kept;
      limit_outside = limit_now;
      // OpenMP loops and barriers in a step must be bound to a team of the caller alone, not to the team of the waiting threads.
#pragma omp parallel num_threads(1)
      {
        try {
          do more = step.call(step.object);
          while (more && goes_on());
        } catch (...) {
          error = std::current_exception();
        }
      }
      kept_threads = nullptr;
      limit_outside = 0;
      kept.release();
    }
  }
  if (error) std::rethrow_exception(error);
  return more;
}

#endif

}  // namespace

void set_always_fork(bool on) noexcept { always_fork.store(on, std::memory_order_relaxed); }

void set_thread_limit(int n) noexcept { limit.store(std::max(n, 1), std::memory_order_relaxed); }

int thread_limit() noexcept {
  const int set = limit.load(std::memory_order_relaxed);
#ifdef _OPENMP
  if (lost_threads) [[unlikely]]
    return 1;
  if (set > 0) return set;
  return limit_outside > 0 ? limit_outside : openmp_limit();
#else
  return std::max(set, 1);
#endif
}

void parallel_loops(std::span<const Loop> loops, [[maybe_unused]] bool pays) {
#ifdef _OPENMP
  if (const int limit_now = thread_limit(); pays && limit_now > 1 && (kept_threads != nullptr || !omp_in_parallel())) {
    count_loop();
    const Clock::time_point begin = Clock::now();
    const bool serial = fork_policy.advises_serial(begin);
    if (!serial || always_fork.load(std::memory_order_relaxed)) return run_in_forks(loops, limit_now, begin);
  }
#endif
  run_serial(loops);
}

void run_steps(const Step& step) {
#ifdef _OPENMP
  bool more = true;
  if (kept_threads == nullptr && !omp_in_parallel()) {
    // The count of loops of the step around this run_steps(), if there is one. Loops of the steps here count for it too.
    struct Outer {
      int loops = std::exchange(loops_of_step, 0);
      ~Outer() { loops_of_step = loops; }
      bool shared_enough() {
        const int of_step = std::exchange(loops_of_step, 0);
        loops = std::min(loops + of_step, kLoopsToKeepFor);
        return of_step == kLoopsToKeepFor;
      }
    } outer;
    while (more) {
      more = step.call(step.object);
      const bool enough = outer.shared_enough();
      if (const int threads = thread_limit(); more && enough && may_keep(threads)) {
        more = run_steps_with(threads, step, [&] { return outer.shared_enough() && thread_limit() == threads; });
      }
    }
    return;
  }
#endif
  while (step.call(step.object)) {
  }
}

}  // namespace chainrule::kernels
