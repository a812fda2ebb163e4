#include "nn/optim/plateau.h"

#include <algorithm>
#include <cmath>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

Plateau::Plateau(const PlateauOptions& options, SourceLine line)
    : options_(options),
      learning_rate_(options.learning_rate),
      best_(options.maximize ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity()) {
  const auto check = [&](const char* what, double value) {
    if (!std::isfinite(value) || value < 0)
      throw_invalid("Plateau", text(what, " is ", value, ", expected a finite number, 0 or more"), line);
  };
  check("learning_rate", options.learning_rate);
  check("factor", options.factor);
  if (options.factor >= 1) throw_invalid("Plateau", text("factor is ", options.factor, ", expected below 1"), line);
  check("patience", static_cast<double>(options.patience));
  check("threshold", options.threshold);
  check("cooldown", static_cast<double>(options.cooldown));
  check("min_learning_rate", options.min_learning_rate);
  check("epsilon", options.epsilon);
}

bool Plateau::is_better(double metric) const {
  const double margin = options_.absolute_threshold ? options_.threshold : std::abs(best_) * options_.threshold;
  // From infinity by any share of it is infinity, not NaN.
  if (std::isinf(best_)) return options_.maximize ? metric > best_ : metric < best_;
  return options_.maximize ? metric > best_ + margin : metric < best_ - margin;
}

double Plateau::step(double metric) {
  if (is_better(metric)) {
    best_ = metric;
    bad_ = 0;
  } else {
    ++bad_;
  }
  if (cooldown_ > 0) {
    --cooldown_;
    bad_ = 0;
  }
  if (bad_ > options_.patience) {
    const double lower = std::max(learning_rate_ * options_.factor, options_.min_learning_rate);
    if (learning_rate_ - lower > options_.epsilon) learning_rate_ = lower;
    cooldown_ = options_.cooldown;
    bad_ = 0;
  }
  return learning_rate_;
}

std::vector<NamedTensor> Plateau::state(SourceLine line) const {
  const CallerScope caller(line);
  const auto count = [](std::int64_t value) { return from_vector(std::vector<std::int64_t>{value}, Shape{}); };
  return {{"learning_rate", full({}, learning_rate_, DType::float64)},
          {"best", full({}, best_, DType::float64)},
          {"bad", count(bad_)},
          {"cooldown", count(cooldown_)}};
}

void Plateau::load_state(const std::vector<NamedTensor>& state, SourceLine line) {
  const CallerScope caller(line);
  const auto find = [&](const char* name, DType dtype) -> const Tensor& {
    const auto entry = std::find_if(state.begin(), state.end(), [&](const NamedTensor& e) { return e.name == name; });
    if (entry == state.end() || !entry->tensor.defined()) throw_invalid("load_state", text("Plateau's ", name, " is missing"), line);
    const Tensor& value = entry->tensor;
    if (value.dtype() != dtype || value.numel() != 1)
      throw_invalid("load_state", text("Plateau's ", name, " is ", value.dtype(), " ", value.shape(), ", expected one ", dtype), line);
    return value;
  };
  const double learning_rate = find("learning_rate", DType::float64).item();
  const double best = find("best", DType::float64).item();
  const std::int64_t bad = find("bad", DType::int64).data<std::int64_t>()[0];
  const std::int64_t cooldown = find("cooldown", DType::int64).data<std::int64_t>()[0];
  if (std::isnan(best)) throw_invalid("load_state", "Plateau's best is nan, expected a number", line);
  if (!std::isfinite(learning_rate) || learning_rate < 0 || bad < 0 || cooldown < 0)
    throw_invalid(
        "load_state",
        text("Plateau's learning_rate, bad and cooldown are ", learning_rate, ", ", bad, " and ", cooldown, ", expected 0 or more"), line);
  learning_rate_ = learning_rate;
  best_ = best;
  bad_ = bad;
  cooldown_ = cooldown;
}

}  // namespace chainrule::nn
