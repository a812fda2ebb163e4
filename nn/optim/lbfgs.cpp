#include "nn/optim/lbfgs.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/base/check.h"
#include "autograd/ops/create.h"
#include "nn/optim/named_optimizer.h"

namespace chainrule::nn {
namespace {

using detail::text;
using detail::throw_invalid;

double dot(const std::vector<double>& x, const std::vector<double>& y) {
  double total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) total += x[i] * y[i];
  return total;
}

// y += a·x.
void add(std::vector<double>& y, double a, const std::vector<double>& x) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] += a * x[i];
}

// NaN where there is one, so that no tolerance is met.
double largest(const std::vector<double>& x) {
  double most = 0;
  for (const double value : x) most = std::isnan(value) ? value : std::max(most, std::abs(value));
  return most;
}

double sum_of_sizes(const std::vector<double>& x) {
  double total = 0;
  for (const double value : x) total += std::abs(value);
  return total;
}

// Where the cubic through two values and slopes is least, brought into [low, high]; the middle where it has no minimum.
double cubic_minimum(double x1, double f1, double g1, double x2, double f2, double g2, double low, double high) {
  const double d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2);
  const double square = d1 * d1 - g1 * g2;
  if (!(square >= 0)) return (low + high) / 2;
  const double d2 = std::sqrt(square);
  const double least =
      x1 <= x2 ? x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2)) : x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2));
  return std::isnan(least) ? (low + high) / 2 : std::min(std::max(least, low), high);
}

template <class T>
void append(std::vector<double>& values, const Tensor& x) {
  for (const T value : x.data<T>()) values.push_back(static_cast<double>(value));
}

template <class T>
const double* take(Tensor& x, const double* from) {
  for (T& value : x.mutable_data<T>()) value = static_cast<T>(*from++);
  return from;
}

}  // namespace

LBFGS::LBFGS(std::vector<Tensor> parameters, const LBFGSOptions& options, SourceLine line) : Optimizer("LBFGS", {}), options_(options) {
  require_count("max_iter", options.max_iter, line);
  require_count("history_size", options.history_size, line);
  require(options.max_eval >= 0, "max_eval", static_cast<double>(options.max_eval), "0 or more", line);
  require_not_negative("tolerance_grad", options.tolerance_grad, line);
  require_not_negative("tolerance_change", options.tolerance_change, line);
  if (options_.max_eval == 0) options_.max_eval = options_.max_iter * 5 / 4;
  add_parameters(std::move(parameters), options.learning_rate, line);
  for (const Tensor& parameter : this->parameters()) elements_ += static_cast<std::size_t>(parameter.numel());
}

void LBFGS::require_count(const char* what, std::int64_t value, const SourceLine& line) const {
  require(value >= 1, what, static_cast<double>(value), "at least 1", line);
}

void LBFGS::step(SourceLine line) {
  detail::throw_misuse(name(), "it computes the loss several times in a step, expected step(closure)", line);
}

// Steps are taken by all parameters at once, in step(closure).
void LBFGS::update(const ParameterStep&) {}

LBFGS::Vector LBFGS::gather(bool gradients) const {
  Vector values;
  values.reserve(elements_);
  for (const Tensor& parameter : parameters()) {
    const Tensor x = gradients ? parameter.grad() : parameter;
    if (!x.defined()) {
      values.resize(values.size() + static_cast<std::size_t>(parameter.numel()));
    } else if (x.dtype() == DType::float32) {
      append<float>(values, x);
    } else {
      append<double>(values, x);
    }
  }
  return values;
}

void LBFGS::scatter(const Vector& values) {
  const double* from = values.data();
  for (Tensor parameter : parameters())
    from = parameter.dtype() == DType::float32 ? take<float>(parameter, from) : take<double>(parameter, from);
}

LBFGS::Vector LBFGS::next_direction(const Vector& gradient) {
  Vector direction = gradient;
  for (double& value : direction) value = -value;
  if (iterations_ == 1) {
    pairs_.clear();
    scale_ = 1;
    return direction;
  }
  Vector step = direction_, change = gradient;
  for (double& value : step) value *= step_size_;
  add(change, -1, gradient_);
  const double curvature = dot(change, step);
  if (curvature > 1e-10) {
    if (pairs_.size() == static_cast<std::size_t>(options_.history_size)) pairs_.erase(pairs_.begin());
    scale_ = curvature / dot(change, change);
    pairs_.push_back({std::move(step), std::move(change), 1 / curvature});
  }
  std::vector<double> alphas(pairs_.size());
  for (std::size_t i = pairs_.size(); i-- > 0;) {
    alphas[i] = dot(pairs_[i].step, direction) * pairs_[i].inverse;
    add(direction, -alphas[i], pairs_[i].change);
  }
  for (double& value : direction) value *= scale_;
  for (std::size_t i = 0; i < pairs_.size(); ++i)
    add(direction, alphas[i] - dot(pairs_[i].change, direction) * pairs_[i].inverse, pairs_[i].step);
  return direction;
}

// The search for a step size along a direction.
struct LBFGS::Search {
  static constexpr double kC1 = 1e-4, kC2 = 0.9;
  static constexpr int kMaxTrials = 25;

  // The loss, gradient and slope that far along the direction; leaves the parameters there.
  const std::function<Point(double)>& evaluate;
  const Point& start;
  double direction_size;
  double tolerance_change;
  int trials = 0;

  bool too_high(const Point& p) const { return p.loss > start.loss + kC1 * p.at * start.slope; }
  bool flat(const Point& p) const { return std::abs(p.slope) <= -kC2 * start.slope; }

  // A point that meets the strong Wolfe conditions, or the best one met.
  Point run(double step_size) {
    Point before = start, here = evaluate(step_size);
    for (; trials < kMaxTrials; ++trials) {
      if (too_high(here) || (trials > 1 && here.loss >= before.loss)) return zoom({std::move(before), std::move(here)});
      if (flat(here)) return here;
      if (here.slope >= 0) return zoom({std::move(before), std::move(here)});
      const double next = cubic_minimum(before.at, before.loss, before.slope, here.at, here.loss, here.slope,
                                        here.at + 0.01 * (here.at - before.at), here.at * 10);
      before = std::move(here);
      here = evaluate(next);
    }
    return start.loss <= here.loss ? start : here;
  }

  // Narrows a bracket around such a point.
  Point zoom(std::array<Point, 2> bracket) {
    std::size_t low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
    bool was_close = false;
    while (trials < kMaxTrials) {
      const double first = std::min(bracket[0].at, bracket[1].at), last = std::max(bracket[0].at, bracket[1].at);
      if ((last - first) * direction_size < tolerance_change) break;
      double at =
          cubic_minimum(bracket[0].at, bracket[0].loss, bracket[0].slope, bracket[1].at, bracket[1].loss, bracket[1].slope, first, last);
      // Twice in a row near a boundary, or once on it, is too little progress: a tenth of the bracket away from it then.
      const double margin = 0.1 * (last - first);
      const bool close = std::min(last - at, at - first) < margin;
      const bool move = close && (was_close || at >= last || at <= first);
      if (move) at = std::abs(at - last) < std::abs(at - first) ? last - margin : first + margin;
      was_close = close && !move;
      Point here = evaluate(at);
      ++trials;
      Point& lower = bracket[low];
      Point& higher = bracket[1 - low];
      if (too_high(here) || here.loss >= lower.loss) {
        higher = std::move(here);
        low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
        continue;
      }
      if (flat(here)) return here;
      if (here.slope * (higher.at - lower.at) >= 0) higher = std::move(lower);
      lower = std::move(here);
    }
    return std::move(bracket[low]);
  }
};

double LBFGS::step(const std::function<Tensor()>& closure, SourceLine line) {
  const CallerScope caller(line);
  const double first_loss = evaluate(closure, line).item(line);
  double loss = first_loss;
  Vector gradient = gather(true);
  if (largest(gradient) <= options_.tolerance_grad) return first_loss;
  std::int64_t evaluations = 1;
  for (std::int64_t iteration = 1; iteration <= options_.max_iter; ++iteration) {
    ++iterations_;
    direction_ = next_direction(gradient);
    gradient_ = gradient;
    const double loss_before = loss;
    step_size_ = learning_rate() * (iterations_ == 1 ? std::min(1.0, 1 / sum_of_sizes(gradient)) : 1);
    const double slope = dot(gradient, direction_);
    if (slope > -options_.tolerance_change) break;
    const Vector origin = gather(false);
    const auto move = [&](double step_size) {
      Vector values = origin;
      add(values, step_size, direction_);
      scatter(values);
    };
    const std::function<Point(double)> point_at = [&](double step_size) {
      move(step_size);
      ++evaluations;
      try {
        Point point{step_size, evaluate(closure, line).item(line), gather(true), 0};
        point.slope = dot(point.gradient, direction_);
        return point;
      } catch (...) {
        scatter(origin);
        iterations_ = 0;
        throw;
      }
    };
    if (options_.line_search == LineSearch::strong_wolfe) {
      const Point start{0, loss, gradient, slope};
      Point found = Search{point_at, start, largest(direction_), options_.tolerance_change}.run(step_size_);
      step_size_ = found.at;
      loss = found.loss;
      gradient = std::move(found.gradient);
      move(step_size_);
    } else if (iteration < options_.max_iter) {
      Point found = point_at(step_size_);
      loss = found.loss;
      gradient = std::move(found.gradient);
    } else {
      move(step_size_);  // What comes of the last one, the next step() evaluates.
    }
    if (evaluations >= options_.max_eval || largest(gradient) <= options_.tolerance_grad) break;
    if (largest(direction_) * step_size_ <= options_.tolerance_change) break;
    if (std::abs(loss - loss_before) < options_.tolerance_change) break;
  }
  return first_loss;
}

std::vector<NamedTensor> LBFGS::state(SourceLine line) const {
  const CallerScope caller(line);
  if (iterations_ == 0) return {};
  const auto n = static_cast<std::int64_t>(elements_);
  std::vector<NamedTensor> entries{{"iterations", from_vector(std::vector<std::int64_t>{iterations_}, Shape{})},
                                   {"step_size", full(Shape{}, step_size_, DType::float64)},
                                   {"scale", full(Shape{}, scale_, DType::float64)},
                                   {"direction", from_vector(direction_, Shape{n})},
                                   {"gradient", from_vector(gradient_, Shape{n})}};
  if (pairs_.empty()) return entries;
  Vector steps, changes;
  for (const Pair& pair : pairs_) {
    steps.insert(steps.end(), pair.step.begin(), pair.step.end());
    changes.insert(changes.end(), pair.change.begin(), pair.change.end());
  }
  const Shape shape{static_cast<std::int64_t>(pairs_.size()), n};
  entries.push_back({"steps", from_vector(steps, shape)});
  entries.push_back({"changes", from_vector(changes, shape)});
  return entries;
}

void LBFGS::load_state(const std::vector<NamedTensor>& state, SourceLine line) {
  const CallerScope caller(line);
  const auto n = static_cast<std::int64_t>(elements_);
  constexpr std::array<std::string_view, 7> kNames{"iterations", "step_size", "scale", "direction", "gradient", "steps", "changes"};
  std::array<Tensor, 7> found;
  for (const NamedTensor& entry : state) {
    const auto at = std::find(kNames.begin(), kNames.end(), entry.name);
    if (at == kNames.end()) throw_invalid("load_state", text("LBFGS's ", entry.name, " is not part of the state"), line);
    found[static_cast<std::size_t>(at - kNames.begin())] = entry.tensor;
  }
  const auto& [iterations, step_size, scale, direction, gradient, steps, changes] = found;
  const bool empty = state.empty(), has_pairs = steps.defined() || changes.defined();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (empty || (i >= 5 && !has_pairs)) break;
    const auto fail = [&](const auto&... parts) { throw_invalid("load_state", text("LBFGS's ", kNames[i], " ", parts...), line); };
    if (!found[i].defined()) fail("is missing");
    const DType dtype = i == 0 ? DType::int64 : DType::float64;
    if (found[i].dtype() != dtype) fail("is ", found[i].dtype(), ", expected ", dtype);
    const Shape got = found[i].shape();
    if (i < 3 && got != Shape{}) fail("is of shape ", got, ", expected []");
    if (i >= 3 && i < 5 && got != Shape{n}) fail("is of shape ", got, ", expected ", Shape{n});
    if (i >= 5 && (got.rank() != 2 || got[0] < 1 || got[0] > options_.history_size || got[1] != n || got != steps.shape()))
      fail("is of shape ", got, ", expected at most ", options_.history_size, " rows of ", n);
  }
  if (!empty && iterations.item() < 1)
    throw_invalid("load_state", text("LBFGS's iterations is ", iterations.item(), ", expected above 0"), line);
  std::vector<Pair> pairs;
  if (has_pairs) {
    const Vector all_steps = steps.to_vector<double>(), all_changes = changes.to_vector<double>();
    for (std::size_t at = 0; at < all_steps.size(); at += elements_) {
      const auto piece = [&](const Vector& all) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
        return Vector(begin, begin + n);
      };
      Pair pair{piece(all_steps), piece(all_changes), 0};
      pair.inverse = 1 / dot(pair.change, pair.step);
      pairs.push_back(std::move(pair));
    }
  }
  iterations_ = empty ? 0 : iterations.data<std::int64_t>()[0];
  step_size_ = empty ? 0 : step_size.item();
  scale_ = empty ? 1 : scale.item();
  direction_ = empty ? Vector() : direction.to_vector<double>();
  gradient_ = empty ? Vector() : gradient.to_vector<double>();
  pairs_ = std::move(pairs);
}

OptimizerFactory lbfgs(const LBFGSOptions& options) { return make_factory<LBFGS>("lbfgs", options, true); }

}  // namespace chainrule::nn
