#include "nn/optim/schedule.h"

#include <cmath>

#include "autograd/check.h"

namespace chainrule::nn {
namespace {

void check_rate(const char* op, const char* what, double rate, const SourceLine& line) {
  if (!std::isfinite(rate) || rate < 0)
    detail::throw_invalid(op, detail::text(what, " is ", rate, ", expected a finite number, 0 or more"), line);
}

}  // namespace

Schedule constant_schedule(double learning_rate, SourceLine line) {
  check_rate("constant_schedule", "learning_rate", learning_rate, line);
  return [learning_rate](std::int64_t) { return learning_rate; };
}

Schedule linear_schedule(double learning_rate, std::int64_t steps, double end, SourceLine line) {
  check_rate("linear_schedule", "learning_rate", learning_rate, line);
  check_rate("linear_schedule", "end", end, line);
  if (steps < 1) detail::throw_invalid("linear_schedule", detail::text("steps is ", steps, ", expected at least 1"), line);
  return [learning_rate, steps, end](std::int64_t step) {
    if (step >= steps) return end;
    return learning_rate + (end - learning_rate) * (static_cast<double>(step) / static_cast<double>(steps));
  };
}

}  // namespace chainrule::nn
