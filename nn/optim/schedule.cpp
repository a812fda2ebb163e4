#include "nn/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/base/check.h"

namespace chainrule::nn {
namespace {

void check_rate(const char* op, const char* what, double rate, const SourceLine& line) {
  if (!std::isfinite(rate) || rate < 0)
    detail::throw_invalid(op, detail::text(what, " is ", rate, ", expected a finite number, 0 or more"), line);
}

void check_steps(const char* op, const char* what, std::int64_t steps, const SourceLine& line) {
  if (steps < 1) detail::throw_invalid(op, detail::text(what, " is ", steps, ", expected at least 1"), line);
}

double real(std::int64_t n) { return static_cast<double>(n); }

// rate · gammaⁿ. A rate of 0 stays 0 where the power overflows.
double decayed(double rate, double gamma, std::int64_t n) { return rate == 0 ? 0 : rate * std::pow(gamma, real(n)); }

// Half a cosine from one number to another as `part` goes from 0 to 1.
double half_cosine(double from, double to, double part) { return to + (from - to) * (1 + std::cos(std::numbers::pi * part)) / 2; }

}  // namespace

Schedule constant_schedule(double learning_rate, SourceLine line) {
  check_rate("constant_schedule", "learning_rate", learning_rate, line);
  return [learning_rate](std::int64_t) { return learning_rate; };
}

Schedule linear_schedule(double learning_rate, std::int64_t steps, double end, SourceLine line) {
  check_rate("linear_schedule", "learning_rate", learning_rate, line);
  check_rate("linear_schedule", "end", end, line);
  check_steps("linear_schedule", "steps", steps, line);
  return [learning_rate, steps, end](std::int64_t step) {
    if (step >= steps) return end;
    return learning_rate + (end - learning_rate) * (real(step) / real(steps));
  };
}

Schedule step_schedule(double learning_rate, std::int64_t step_size, double gamma, SourceLine line) {
  check_rate("step_schedule", "learning_rate", learning_rate, line);
  check_rate("step_schedule", "gamma", gamma, line);
  check_steps("step_schedule", "step_size", step_size, line);
  return [=](std::int64_t step) { return decayed(learning_rate, gamma, step / step_size); };
}

Schedule multistep_schedule(double learning_rate, std::vector<std::int64_t> milestones, double gamma, SourceLine line) {
  check_rate("multistep_schedule", "learning_rate", learning_rate, line);
  check_rate("multistep_schedule", "gamma", gamma, line);
  if (!std::is_sorted(milestones.begin(), milestones.end()))
    detail::throw_invalid("multistep_schedule", "the milestones are not sorted, expected ascending order", line);
  return [=, milestones = std::move(milestones)](std::int64_t step) {
    const auto reached = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
    return decayed(learning_rate, gamma, reached);
  };
}

Schedule exponential_schedule(double learning_rate, double gamma, SourceLine line) {
  check_rate("exponential_schedule", "learning_rate", learning_rate, line);
  check_rate("exponential_schedule", "gamma", gamma, line);
  return [=](std::int64_t step) { return decayed(learning_rate, gamma, step); };
}

Schedule cosine_schedule(double learning_rate, std::int64_t steps, double end, SourceLine line) {
  check_rate("cosine_schedule", "learning_rate", learning_rate, line);
  check_rate("cosine_schedule", "end", end, line);
  check_steps("cosine_schedule", "steps", steps, line);
  return [=](std::int64_t step) { return half_cosine(learning_rate, end, real(step) / real(steps)); };
}

Schedule cosine_restarts_schedule(double learning_rate, std::int64_t period, std::int64_t multiplier, double end, SourceLine line) {
  check_rate("cosine_restarts_schedule", "learning_rate", learning_rate, line);
  check_rate("cosine_restarts_schedule", "end", end, line);
  check_steps("cosine_restarts_schedule", "period", period, line);
  check_steps("cosine_restarts_schedule", "multiplier", multiplier, line);
  return [=](std::int64_t step) {
    if (multiplier == 1) return half_cosine(learning_rate, end, real(step % period) / real(period));
    // In double, which a length past all steps does not overflow.
    double length = real(period), left = real(step);
    for (; left >= length; length *= real(multiplier)) left -= length;
    return half_cosine(learning_rate, end, left / length);
  };
}

Schedule warmup_schedule(double learning_rate, std::int64_t steps, double start_factor, SourceLine line) {
  check_rate("warmup_schedule", "learning_rate", learning_rate, line);
  check_rate("warmup_schedule", "start_factor", start_factor, line);
  check_steps("warmup_schedule", "steps", steps, line);
  return [=](std::int64_t step) { return learning_rate * (start_factor + (1 - start_factor) * real(std::min(step, steps)) / real(steps)); };
}

Schedule polynomial_schedule(double learning_rate, std::int64_t steps, double power, SourceLine line) {
  check_rate("polynomial_schedule", "learning_rate", learning_rate, line);
  check_rate("polynomial_schedule", "power", power, line);
  check_steps("polynomial_schedule", "steps", steps, line);
  return [=](std::int64_t step) { return learning_rate * std::pow(step < steps ? 1 - real(step) / real(steps) : 0, power); };
}

Schedule one_cycle_schedule(double max_learning_rate, std::int64_t steps, const OneCycleOptions& options, SourceLine line) {
  const char* op = "one_cycle_schedule";
  check_rate(op, "max_learning_rate", max_learning_rate, line);
  check_steps(op, "steps", steps, line);
  const double most = options.three_phase ? 0.5 : 1;
  if (!(options.pct_start >= 0 && options.pct_start <= most))
    detail::throw_invalid(op, detail::text("pct_start is ", options.pct_start, ", expected 0 to ", most), line);
  for (const auto& [what, factor] : {std::pair("div_factor", options.div_factor), std::pair("final_div_factor", options.final_div_factor)})
    if (!std::isfinite(factor) || factor <= 0)
      detail::throw_invalid(op, detail::text(what, " is ", factor, ", expected a finite number above 0"), line);
  const double first = max_learning_rate / options.div_factor, final = first / options.final_div_factor;
  check_rate(op, "max_learning_rate / div_factor", first, line);
  check_rate(op, "max_learning_rate / div_factor / final_div_factor", final, line);
  const double top = options.pct_start * real(steps) - 1, back = 2 * options.pct_start * real(steps) - 2, last = real(steps) - 1;
  return [=, linear = options.linear, three_phase = options.three_phase](std::int64_t step) {
    const auto between = [&](double from, double to, double begin, double end) {
      const double part = end > begin ? (real(step) - begin) / (end - begin) : 1;
      return linear ? from + (to - from) * part : half_cosine(from, to, part);
    };
    if (real(step) >= last) return final;
    if (real(step) <= top) return between(first, max_learning_rate, 0, top);
    if (three_phase && real(step) <= back) return between(max_learning_rate, first, top, back);
    return three_phase ? between(first, final, back, last) : between(max_learning_rate, final, top, last);
  };
}

Schedule sequential_schedule(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones, SourceLine line) {
  const char* op = "sequential_schedule";
  if (schedules.size() != milestones.size() + 1)
    detail::throw_invalid(op,
                          detail::text("got ", schedules.size(), " schedules and ", milestones.size(),
                                       " milestones, expected one milestone less than schedules"),
                          line);
  for (const Schedule& schedule : schedules)
    if (!schedule) detail::throw_invalid(op, "one of the schedules is an empty function", line);
  for (std::size_t i = 0; i < milestones.size(); ++i)
    if (milestones[i] <= (i == 0 ? 0 : milestones[i - 1]))
      detail::throw_invalid(
          op, detail::text("milestone ", i, " is ", milestones[i], ", expected numbers above 0, each above the one before"), line);
  return [schedules = std::move(schedules), milestones = std::move(milestones)](std::int64_t step) {
    const auto reached = static_cast<std::size_t>(std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin());
    return schedules[reached](reached == 0 ? step : step - milestones[reached - 1]);
  };
}

}  // namespace chainrule::nn
