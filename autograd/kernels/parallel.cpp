// Loops shared among threads by OpenMP; without it, one piece after another.
#include "autograd/kernels/parallel.h"

#include <algorithm>
#include <atomic>

#ifdef _OPENMP
#include <omp.h>

#include <exception>
#include <mutex>
#endif

namespace chainrule::kernels {

namespace {

std::atomic<int> limit{0};  // 0: not set

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
      : count_(count), grain_(grain), pieces_((count - 1) / grain + 1), failed_(pieces_), body_(body) {}

  std::int64_t pieces() const { return pieces_; }

  // Runs pieces until none is left. Those before a piece that threw still run, so that the first of all that throw is known.
  void work() noexcept {
    for (std::int64_t piece; (piece = next_.fetch_add(1, std::memory_order_relaxed)) < failed_.load(std::memory_order_relaxed);) {
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
  }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const std::int64_t count_, grain_, pieces_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<std::int64_t> failed_;  // the first piece that threw, else the number of pieces
  const RangeBody body_;
  std::mutex mutex_;
  std::exception_ptr error_;
};

#endif

}  // namespace

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
      SharedLoop loop(count, grain, body);
      const int threads = static_cast<int>(std::min<std::int64_t>(limit_now, loop.pieces()));
#pragma omp parallel num_threads(threads)
      loop.work();
      loop.rethrow();
      return;
    }
  }
#endif
  run_serial(count, grain, body);
}

}  // namespace chainrule::kernels
