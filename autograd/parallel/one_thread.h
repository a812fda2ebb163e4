// A scope in which libraries parallelized with OpenMP run on the calling thread alone.
// Internal header: not installed.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#else
// This library may be built without OpenMP and still call a library that uses it.
extern "C" {
[[gnu::weak]] int omp_get_max_threads();
[[gnu::weak]] int omp_in_parallel();
[[gnu::weak]] void omp_set_num_threads(int);
}
#endif

namespace chainrule::kernels::detail {

/// While it lives, OpenMP regions started by the calling thread have one thread. Settings of other threads do not change.
class OneThread {
 public:
  OneThread() noexcept {
#ifndef _OPENMP
    if (omp_set_num_threads == nullptr) return;
#endif
    if (omp_in_parallel() != 0) return;  // nested regions are serial already
    before_ = omp_get_max_threads();
    if (before_ > 1) omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_ > 1) omp_set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = 1;
};

}  // namespace chainrule::kernels::detail
