// LBFGS: a quasi-Newton method that uses the last gradients, for full batches.
#pragma once

#include "nn/optim/optimizer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// How LBFGS chooses the length of a step along its direction.
enum class LineSearch {
  /// The length is the learning rate.
  none,
  /// Searches for a length that meets the strong Wolfe conditions (c₁ = 1e-4, c₂ = 0.9), with at most 25 evaluations.
  strong_wolfe,
};

/// Options of LBFGS, with the meaning and defaults they have in torch.optim.LBFGS.
struct LBFGSOptions {
  /// The length of a step along a direction, or the initial length of the line search; finite and at least 0.
  double learning_rate = 1;
  NoOptionLr lr = {};  ///< Not an option: `.lr` is a compile error that names learning_rate.
  /// The maximal number of iterations in one step(); at least 1.
  std::int64_t max_iter = 20;
  /// The number of closure evaluations after which a step() starts no further iteration; 0 means max_iter · 5 / 4.
  std::int64_t max_eval = 0;
  /// A step() ends when no element of the gradient has a larger absolute value. Finite and at least 0.
  double tolerance_grad = 1e-7;
  /// A step() ends when neither an element of the parameters nor the loss changes by more than this. Finite and at least 0.
  double tolerance_change = 1e-9;
  /// The number of past steps, with the corresponding changes of the gradient, that are kept; at least 1.
  std::int64_t history_size = 100;
  /// The line search.
  LineSearch line_search = LineSearch::none;
};

/// The L-BFGS optimizer (Nocedal and Wright, Numerical Optimization, algorithm 7.4). Each iteration moves along -H·g, where g is the
/// gradient and H is an estimate of the inverse Hessian from the stored steps. All parameters together form one vector and have the same
/// options. Computations are in double for parameters of either dtype.
class LBFGS : public Optimizer {
 public:
  /// The type of the constructor's options.
  using Options = LBFGSOptions;

  /// Makes an optimizer for these parameters.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice; or if an option is outside its range.
  explicit LBFGS(std::vector<Tensor> parameters, const LBFGSOptions& options = {}, SourceLine line = SourceLine::current());

  /// The other overloads of step().
  using Optimizer::step;
  /// Runs up to max_iter iterations. Each iteration calls the closure, which must compute the loss from the current values of the
  /// parameters, at least once. Returns the first loss. If the closure throws, the parameters get the values they had at the beginning of
  /// the iteration, and the stored steps are discarded.
  double step(const std::function<Tensor()>& closure, SourceLine line = SourceLine::current()) override;
  /// Not available: a single gradient is not sufficient for this method.
  /// @throws std::logic_error always.
  void step(SourceLine line = SourceLine::current()) override;
  /// Returns true.
  bool needs_closure() const noexcept override { return true; }

  /// Returns the state: "iterations" (int64); "step_size", "scale" (of the initial H), "direction" [n] and "gradient" [n] of the last
  /// iteration; and the stored "steps" and "changes" (of the gradient), both [count, n]. All but the first are float64, and n is the number
  /// of elements of all parameters. Empty before the first step().
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const override;
  /// Continues from a state, whose values are copied.
  /// @throws std::invalid_argument if the state has a missing or unknown entry, or an entry of another shape or dtype.
  void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current()) override;

 protected:
  /// Does nothing: step() changes all parameters at once.
  void update(const ParameterStep& step) override;

 private:
  using Vector = std::vector<double>;

  // A step, the change of the gradient along it, and 1 / (step · change).
  struct Pair {
    Vector step, change;
    double inverse;
  };
  // The loss and its gradient at a position along a direction.
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

/// Returns a factory for LBFGS with these options, for fit() and compile(); include nn/optim/factory.h to call it. The options are checked
/// when the optimizer is made.
OptimizerFactory lbfgs(const LBFGSOptions& options = {});

}  // namespace chainrule::nn
#pragma GCC visibility pop
