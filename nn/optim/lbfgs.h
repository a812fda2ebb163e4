// LBFGS: quasi-Newton steps from the last gradients, for full batches.
#pragma once

#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// How far LBFGS goes along a direction.
enum class LineSearch {
  /// Each step is the learning rate long.
  none,
  /// A step that meets the strong Wolfe conditions (c₁ = 1e-4, c₂ = 0.9), by at most 25 evaluations.
  strong_wolfe,
};

/// As torch.optim.LBFGS.
struct LBFGSOptions {
  /// The length of a step along a direction, where no line search finds another.
  double learning_rate = 1;
  NoOptionLr lr = {};  ///< PyTorch's name of learning_rate: to give it is a compile error
  /// Iterations of one step().
  std::int64_t max_iter = 20;
  /// Evaluations of the closure after which a step() begins no further iteration; 0 is max_iter · 5 / 4.
  std::int64_t max_eval = 0;
  /// A step() ends where no element of the gradient is larger.
  double tolerance_grad = 1e-7;
  /// A step() ends where neither the parameters nor the loss change by more.
  double tolerance_change = 1e-9;
  /// Pairs of steps and changes of the gradient that are remembered.
  std::int64_t history_size = 100;
  LineSearch line_search = LineSearch::none;
};

/// Each iteration goes along -H·g, H being the inverse Hessian that the remembered pairs stand for (Nocedal and Wright, Numerical
/// Optimization, algorithm 7.4). All parameters are one vector and have the same options; computes in double whatever their dtype.
class LBFGS : public Optimizer {
 public:
  using Options = LBFGSOptions;

  /// @throws std::invalid_argument as Optimizer::add_parameters, and for an option out of its range.
  explicit LBFGS(std::vector<Tensor> parameters, const LBFGSOptions& options = {}, SourceLine line = SourceLine::current());

  using Optimizer::step;
  /// Up to max_iter iterations, each of which calls the closure; it computes the loss from the parameters as they are. Returns the first
  /// loss. What the closure throws leaves the parameters where the iteration began, and what is remembered is forgotten.
  double step(const std::function<Tensor()>& closure, SourceLine line = SourceLine::current()) override;
  /// @throws std::logic_error: one gradient is not enough.
  void step(SourceLine line = SourceLine::current()) override;
  bool needs_closure() const noexcept override { return true; }

  /// "iterations" (int64), and of the last one "step_size", "scale" (of the first H), "direction", "gradient" and the remembered pairs
  /// "steps" and "changes" [pairs, n], all float64, n being the elements of all parameters.
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const override;
  void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current()) override;

 protected:
  void update(const ParameterStep& step) override;

 private:
  using Vector = std::vector<double>;

  // A step, the change of the gradient along it, and 1 / (step · change).
  struct Pair {
    Vector step, change;
    double inverse;
  };
  // The loss and its gradient somewhere along a direction.
  struct Point {
    double at = 0, loss = 0;
    Vector gradient;
    double slope = 0;
  };
  struct Search;

  void require_count(const char* what, std::int64_t value, const SourceLine& line) const;
  Vector gather(bool gradients) const;
  void scatter(const Vector& values);
  Vector next_direction(const Vector& gradient);

  LBFGSOptions options_;
  std::size_t elements_ = 0;
  std::int64_t iterations_ = 0;
  double step_size_ = 0;
  double scale_ = 1;
  Vector direction_, gradient_;
  std::vector<Pair> pairs_;  // the oldest first
};

}  // namespace chainrule::nn
