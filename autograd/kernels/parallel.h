// The one seam to threads: how many there are, and loops whose pieces they share.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

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

/// Runs body over [0, count) cut into as few pieces of at most `grain` as there can be, of nearly one size. Where the cuts lie depends on
/// count and grain only, never on the number of threads, so a body that writes what belongs to its piece gives the same bits on any.
/// Serial inside another parallel loop, with one thread, with one piece, and for a while after a loop that threads slowed down
/// (a core may be lent away). All pieces run in the caller's floating-point mode. An exception leaves through the caller: that of the first
/// piece that threw.
void parallel_pieces(std::int64_t count, std::int64_t grain, RangeBody body);

template <class Body>
void parallel_pieces(std::int64_t count, std::int64_t grain, Body&& body) {
  using Callee = std::remove_reference_t<Body>;
  if (count <= grain) {
    if (count > 0) body(std::int64_t{0}, count);
    return;
  }
  parallel_pieces(count, grain,
                  RangeBody{const_cast<void*>(static_cast<const void*>(std::addressof(body))),
                            [](void* object, std::int64_t begin, std::int64_t end) { (*static_cast<Callee*>(object))(begin, end); }});
}

}  // namespace chainrule::kernels
