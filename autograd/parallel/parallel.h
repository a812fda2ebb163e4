// The one seam to threads: how many there are, and loops whose pieces they share.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace chainrule::kernels {

/// Sets how many threads loops may use, in every thread of the process; n >= 1.
void set_thread_limit(int n) noexcept;

/// The most threads a loop may use: what was set, else what OpenMP (OMP_NUM_THREADS) says.
int thread_limit() noexcept;

/// Whether loops use threads even while that makes them slower, in every thread of the process: for tests of threads. Off at first.
void set_always_fork(bool on) noexcept;

/// A range of work, type-erased without allocating: the callee lives until the loop returns.
struct RangeBody {
  void* object;
  void (*call)(void* object, std::int64_t begin, std::int64_t end);
};

/// One of several loops that are shared in one go: body over [0, count) cut into as few pieces of at most `grain` as there can be, of
/// nearly one size. Where the cuts lie depends on count and grain only, never on the number of threads, so a body that writes what belongs
/// to its piece gives the same bits on any.
struct Loop {
  std::int64_t count, grain;
  RangeBody body;
  bool after_all = false;  ///< it and those after it begin when all before it have ended
};

/// Runs loops with one fork: a thread that finds nothing to do in one goes on to the next, but for after_all.
/// Serial inside another parallel loop, with one thread, with one piece, and for a while after a loop that threads slowed down
/// (a core may be lent away). All pieces run in the caller's floating-point mode. An exception leaves through the caller: that of the first
/// piece of the first loop that threw; loops after it may be left out. Where `pays` is false, the caller knows that they are too short for
/// a fork: they run one after the other.
void parallel_loops(std::span<const Loop> loops, bool pays = true);

/// A body as a loop runs it. Only as long-lived as the body.
template <class Body>
RangeBody range_body(Body& body) noexcept {
  return {const_cast<void*>(static_cast<const void*>(std::addressof(body))),
          [](void* object, std::int64_t begin, std::int64_t end) { (*static_cast<Body*>(object))(begin, end); }};
}

/// One loop: see Loop and parallel_loops().
template <class Body>
void parallel_pieces(std::int64_t count, std::int64_t grain, Body&& body) {
  if (count <= grain) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  const Loop loop{count, grain, range_body(body)};
  parallel_loops({&loop, 1});
}

/// One step of a task, type-erased as RangeBody is. Returns whether there is another.
struct Step {
  void* object;
  bool (*call)(void* object);
};

/// Runs the step until it returns false. While steps share loops, threads stay at hand from one to the next, which spares a loop most of
/// its fork: they wait for loops, at first without giving their processors away. Some steps now and then are made without them, and more
/// while those are faster. For OpenMP the caller is alone in a nested region then. An exception leaves at once.
void run_steps(const Step& step);

}  // namespace chainrule::kernels
