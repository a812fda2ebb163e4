// The number of threads that ops use, and a loop whose steps keep these threads ready.
#pragma once

#include <functional>

#pragma GCC visibility push(default)
namespace chainrule {

/// Sets the largest number of threads that an op may use, for the whole process. Results are the same for every number of threads, bit for
/// bit.
/// @throws std::invalid_argument for n < 1.
void set_num_threads(int n);

/// Returns the number set by set_num_threads(), or otherwise the number of threads that OpenMP uses (OMP_NUM_THREADS); 1 in a build without
/// OpenMP, and in a child process made by fork() while the parent had several threads, since OpenMP cannot start threads there.
int num_threads() noexcept;

/// Calls step() until it returns false, like `while (step()) {}`. If the ops of a step use several threads, these threads stay ready from
/// one step to the next, which saves each op half a microsecond or more. The results are the same. An exception thrown by step() ends the
/// loop and reaches the caller.
///
/// To OpenMP, a step runs in a parallel region with one thread. Parallel regions that other code starts in a step therefore have one thread
/// (unless nested parallelism is enabled), OpenMP tasks may run as late as the end of the last step, and a call of omp_set_num_threads()
/// has no effect after the last step. If step() calls fork(), the child process must not return from step().
/// @throws std::invalid_argument for an empty function.
void run_steps(const std::function<bool()>& step);

}  // namespace chainrule
#pragma GCC visibility pop
