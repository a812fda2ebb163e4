// How many threads ops may use, and steps that keep them at hand.
#pragma once

#include <functional>

namespace chainrule {

/// Sets how many threads ops may share their work among, for the whole process. Results do not depend on it, bit for bit.
/// @throws std::invalid_argument for n < 1.
void set_num_threads(int n);

/// What set_num_threads set, else what OpenMP (OMP_NUM_THREADS) says.
int num_threads() noexcept;

/// Calls step() until it returns false, as a loop does. Where ops share their work, threads stay at hand from one step to the next, which
/// spares each op most of its fork: half a µs or more. Now and then some steps are made on this thread alone, and more while those are
/// faster. Results are the same. What step() throws ends the loop.
///
/// For OpenMP such a step is in a region of one thread: regions that other code opens in it have one thread (unless nested ones are
/// allowed), tasks may run as late as the last step's end, and what omp_set_num_threads() sets is forgotten then. A child process of
/// fork() must not return from step().
/// @throws std::invalid_argument for an empty function.
void run_steps(const std::function<bool()>& step);

}  // namespace chainrule
