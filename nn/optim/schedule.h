// Schedules: the learning rate of each step. A schedule remembers nothing, so that a run goes on from its step number alone.
#pragma once

#include <cstdint>
#include <functional>

#include "autograd/caller.h"

namespace chainrule::nn {

/// The learning rate of step 0, 1, ...: `optimizer.set_learning_rate(schedule(step))`.
using Schedule = std::function<double(std::int64_t step)>;

/// Always the same.
/// @throws std::invalid_argument unless finite and not negative.
Schedule constant_schedule(double learning_rate, SourceLine line = SourceLine::current());

/// From `learning_rate` at step 0 in a straight line to `end` at step `steps` and after.
/// @throws std::invalid_argument unless both rates are finite and not negative and steps >= 1.
Schedule linear_schedule(double learning_rate, std::int64_t steps, double end = 0, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
