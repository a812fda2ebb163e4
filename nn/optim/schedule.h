// Learning rate schedules: functions from the number of a step to its learning rate. A schedule has no state, so training can be resumed
// from the step number alone. Names in brackets are those of the corresponding classes in torch.optim.lr_scheduler.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "autograd/base/caller.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Returns the learning rate of step 0, 1, ...: `optimizer.set_learning_rate(schedule(step))`.
using Schedule = std::function<double(std::int64_t step)>;

/// Returns a schedule that is always learning_rate.
/// @throws std::invalid_argument unless learning_rate is finite and not negative.
Schedule constant_schedule(double learning_rate, SourceLine line = SourceLine::current());

/// Returns a schedule that changes linearly from `learning_rate` at step 0 to `end` at step `steps` and is constant afterwards.
/// @throws std::invalid_argument unless both rates are finite and not negative and steps >= 1.
Schedule linear_schedule(double learning_rate, std::int64_t steps, double end = 0, SourceLine line = SourceLine::current());

/// Returns the schedule learning_rate · gammaⁿ, where n is the number of complete periods of `step_size` steps (StepLR).
/// @throws std::invalid_argument unless learning_rate and gamma are finite and not negative and step_size >= 1.
Schedule step_schedule(double learning_rate, std::int64_t step_size, double gamma = 0.1, SourceLine line = SourceLine::current());

/// Returns the schedule learning_rate · gammaⁿ, where n is the number of milestones that have been reached (MultiStepLR).
/// @throws std::invalid_argument unless learning_rate and gamma are finite and not negative and the milestones are in ascending order.
Schedule multistep_schedule(double learning_rate, std::vector<std::int64_t> milestones, double gamma = 0.1,
                            SourceLine line = SourceLine::current());

/// Returns the schedule learning_rate · gammaˢᵗᵉᵖ (ExponentialLR).
/// @throws std::invalid_argument unless learning_rate and gamma are finite and not negative.
Schedule exponential_schedule(double learning_rate, double gamma, SourceLine line = SourceLine::current());

/// Returns a schedule that follows half a cosine wave from `learning_rate` at step 0 to `end` at step `steps`. The wave continues
/// afterwards, so the rate rises again (CosineAnnealingLR).
/// @throws std::invalid_argument unless both rates are finite and not negative and steps >= 1.
Schedule cosine_schedule(double learning_rate, std::int64_t steps, double end = 0, SourceLine line = SourceLine::current());

/// Returns a schedule that repeats half a cosine wave from `learning_rate` to `end`. The first wave takes `period` steps, each further one
/// takes `multiplier` times as many as the one before (CosineAnnealingWarmRestarts).
/// @throws std::invalid_argument unless both rates are finite and not negative, period >= 1 and multiplier >= 1.
Schedule cosine_restarts_schedule(double learning_rate, std::int64_t period, std::int64_t multiplier = 1, double end = 0,
                                  SourceLine line = SourceLine::current());

/// Returns a schedule that changes linearly from start_factor · learning_rate at step 0 to `learning_rate` at step `steps` and is constant
/// afterwards (LinearLR).
/// @throws std::invalid_argument unless learning_rate and start_factor are finite and not negative and steps >= 1.
Schedule warmup_schedule(double learning_rate, std::int64_t steps, double start_factor = 1.0 / 3, SourceLine line = SourceLine::current());

/// Returns the schedule learning_rate · (1 - step/steps)^power, and learning_rate · 0^power from step `steps` on (PolynomialLR). That is 0,
/// but learning_rate for power 0.
/// @throws std::invalid_argument unless learning_rate and power are finite and not negative and steps >= 1.
Schedule polynomial_schedule(double learning_rate, std::int64_t steps, double power = 1, SourceLine line = SourceLine::current());

/// Options of one_cycle_schedule(), with the meaning they have in torch.optim.lr_scheduler.OneCycleLR. Only the learning rate is scheduled,
/// not the momentum.
struct OneCycleOptions {
  /// The fraction of the steps during which the learning rate rises.
  double pct_start = 0.3;
  /// True: the learning rate changes linearly. False: along half cosine waves.
  bool linear = false;
  /// The learning rate of step 0 is max_learning_rate / div_factor.
  double div_factor = 25;
  /// The final learning rate is that of step 0 divided by final_div_factor.
  double final_div_factor = 1e4;
  /// True: the learning rate falls to its initial value in as many steps as it rose, and then to its final value. False: it falls to its
  /// final value directly.
  bool three_phase = false;
};

/// Returns a schedule that rises to max_learning_rate and then falls to the final learning rate, which is reached at step steps - 1 (Smith
/// and Topin, arXiv 1708.07120; OneCycleLR).
/// @throws std::invalid_argument unless max_learning_rate is finite and not negative, steps >= 1, 0 <= pct_start <= 1 (<= 1/2 with
/// three_phase), and both factors are finite and above 0.
Schedule one_cycle_schedule(double max_learning_rate, std::int64_t steps, const OneCycleOptions& options = {},
                            SourceLine line = SourceLine::current());

/// Returns a schedule that uses several schedules one after another: schedules[i + 1] takes over at step milestones[i] and starts from its
/// own step 0 (SequentialLR).
/// @throws std::invalid_argument unless there is one more schedule than milestones, no schedule is empty, and the milestones are above 0
/// and strictly ascending.
Schedule sequential_schedule(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones,
                             SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
