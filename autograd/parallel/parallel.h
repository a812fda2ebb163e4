// Parallel loops: all use of threads goes through this header. It also holds the limit on the number of threads.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace chainrule::kernels {

/// Sets the largest number of threads a loop may use, for the whole process; n >= 1.
void set_thread_limit(int n) noexcept;

/// Returns the largest number of threads a loop may use: the limit set, or otherwise OpenMP's number (OMP_NUM_THREADS); 1 in a process
/// whose threads were lost by fork().
int thread_limit() noexcept;

/// Makes loops use several threads even when that is slower, for the whole process. Off by default; for tests.
void set_always_fork(bool on) noexcept;

/// A loop body, type-erased without an allocation: it refers to an object that must live until the loop returns.
struct RangeBody {
  void* object;
  void (*call)(void* object, std::int64_t begin, std::int64_t end);
};

/// A loop for parallel_loops(): calls the body on pieces of [0, count). It has as few pieces of at most `grain` elements as possible, and
/// they have nearly the same size. The bounds of the pieces depend on count and grain only, never on the number of threads. A body that
/// writes only the results of its piece therefore gives the same bits on any number of threads.
struct Loop {
  std::int64_t count, grain;
  RangeBody body;
  bool after_all = false;  ///< this loop and those after it start when all loops before it have ended
};

/// Runs several loops with one fork. A thread that finds no piece left in one loop goes on to the next, except that it waits at a loop with
/// after_all. Everything runs on the calling thread inside another parallel loop, if the limit is one thread, if there is only one piece,
/// and for a while after a loop that several threads made slower. All pieces run in the caller's floating-point mode. If pieces throw, the
/// exception of the first such piece in the first such loop reaches the caller; the loops after it may not run. `pays` is false if the
/// caller knows that the loops are too short for a fork.
void parallel_loops(std::span<const Loop> loops, bool pays = true);

/// Returns a reference to `body` as a RangeBody; valid as long as `body`.
template <class Body>
RangeBody range_body(Body& body) noexcept {
  return {const_cast<void*>(static_cast<const void*>(std::addressof(body))),
          [](void* object, std::int64_t begin, std::int64_t end) { (*static_cast<Body*>(object))(begin, end); }};
}

/// Runs one loop; see Loop and parallel_loops().
template <class Body>
void parallel_pieces(std::int64_t count, std::int64_t grain, Body&& body) {
  if (count <= grain) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  const Loop loop{count, grain, range_body(body)};
  parallel_loops({&loop, 1});
}

/// A function that performs a step and returns true if there is another; type-erased like RangeBody.
struct Step {
  void* object;
  bool (*call)(void* object);
};

/// Calls the step until it returns false. If steps have parallel loops, threads stay ready from one step to the next and wait for loops, at
/// first spinning. This saves a loop most of the cost of its fork. From time to time a few steps run without these threads; if that is
/// faster, more of them do. To OpenMP the caller is then alone in a nested region. An exception ends the loop and reaches the caller.
void run_steps(const Step& step);

}  // namespace chainrule::kernels
