// Schedules: the learning rate of each step. A schedule remembers nothing, so that a run goes on from its step number alone. Names in
// brackets are those of torch.optim.lr_scheduler.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "autograd/base/caller.h"

namespace chainrule::nn {

/// The learning rate of step 0, 1, ...: `optimizer.set_learning_rate(schedule(step))`.
using Schedule = std::function<double(std::int64_t step)>;

/// Always the same.
/// @throws std::invalid_argument unless finite and not negative.
Schedule constant_schedule(double learning_rate, SourceLine line = SourceLine::current());

/// From `learning_rate` at step 0 in a straight line to `end` at step `steps` and after.
/// @throws std::invalid_argument unless both rates are finite and not negative and steps >= 1.
Schedule linear_schedule(double learning_rate, std::int64_t steps, double end = 0, SourceLine line = SourceLine::current());

/// learning_rate · gammaⁿ, n counting the whole `step_size`s passed (StepLR).
/// @throws std::invalid_argument unless rate and gamma are finite and not negative and step_size >= 1.
Schedule step_schedule(double learning_rate, std::int64_t step_size, double gamma = 0.1, SourceLine line = SourceLine::current());

/// learning_rate · gammaⁿ, n counting the milestones reached (MultiStepLR).
/// @throws std::invalid_argument unless rate and gamma are finite and not negative and the milestones do not fall.
Schedule multistep_schedule(double learning_rate, std::vector<std::int64_t> milestones, double gamma = 0.1,
                            SourceLine line = SourceLine::current());

/// learning_rate · gammaˢᵗᵉᵖ (ExponentialLR).
/// @throws std::invalid_argument unless both are finite and not negative.
Schedule exponential_schedule(double learning_rate, double gamma, SourceLine line = SourceLine::current());

/// Half a cosine from `learning_rate` down to `end` at step `steps`; after that it goes on up and down (CosineAnnealingLR).
/// @throws std::invalid_argument unless both rates are finite and not negative and steps >= 1.
Schedule cosine_schedule(double learning_rate, std::int64_t steps, double end = 0, SourceLine line = SourceLine::current());

/// Half cosines from `learning_rate` towards `end`, begun anew after `period` steps, each `multiplier` times as long as the one before
/// (CosineAnnealingWarmRestarts).
/// @throws std::invalid_argument unless both rates are finite and not negative, period >= 1 and multiplier >= 1.
Schedule cosine_restarts_schedule(double learning_rate, std::int64_t period, std::int64_t multiplier = 1, double end = 0,
                                  SourceLine line = SourceLine::current());

/// From start_factor · learning_rate at step 0 in a straight line to `learning_rate` at step `steps` and after (LinearLR).
/// @throws std::invalid_argument unless rate and factor are finite and not negative and steps >= 1.
Schedule warmup_schedule(double learning_rate, std::int64_t steps, double start_factor = 1.0 / 3, SourceLine line = SourceLine::current());

/// learning_rate · (1 - step/steps)^power, 0 from step `steps` on (PolynomialLR).
/// @throws std::invalid_argument unless rate and power are finite and not negative and steps >= 1.
Schedule polynomial_schedule(double learning_rate, std::int64_t steps, double power = 1, SourceLine line = SourceLine::current());

/// As torch.optim.lr_scheduler.OneCycleLR, of which only the learning rate is cycled, not the momentum.
struct OneCycleOptions {
  /// The part of the steps that the learning rate rises for.
  double pct_start = 0.3;
  /// Straight lines instead of half cosines.
  bool linear = false;
  /// The first learning rate is max_learning_rate / div_factor.
  double div_factor = 25;
  /// The last learning rate is the first / final_div_factor.
  double final_div_factor = 1e4;
  /// Falls to the first learning rate for as long as it rose, then to the last.
  bool three_phase = false;
};

/// Up to max_learning_rate and down to nearly nothing at step steps - 1 and after (Smith and Topin, arXiv 1708.07120).
/// @throws std::invalid_argument unless the rate is finite and not negative, steps >= 1, 0 <= pct_start <= 1 (at most 1/2 for three
/// phases) and the factors are finite and above 0.
Schedule one_cycle_schedule(double max_learning_rate, std::int64_t steps, const OneCycleOptions& options = {},
                            SourceLine line = SourceLine::current());

/// One schedule after another: schedules[i + 1], from its step 0, begins at step milestones[i] (SequentialLR).
/// @throws std::invalid_argument unless there is one schedule more than milestones, none is empty and the milestones rise from above 0.
Schedule sequential_schedule(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones,
                             SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
