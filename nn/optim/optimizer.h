// Optimizer: the base class of all optimizers.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

class OptimizerFactory;  // of nn/optim/factory.h

/// A member of options in place of PyTorch's `lr`. `{.lr = 0.1}` is a compile error that says what to write; without this member the
/// compiler would only report that the braces cannot be converted.
struct NoOptionLr {
  /// The only value.
  constexpr NoOptionLr() noexcept = default;
  /// Does not compile.
  template <class T>
  NoOptionLr(const T&) {
    static_assert(!std::is_same_v<T, T>, "there is no option lr: write .learning_rate");
  }
};

/// The base class of all optimizers. It holds the parameters, in groups with separate options, and the state that belongs to each
/// parameter, such as a momentum.
///
/// step() does not change parameters that have no gradient.
class Optimizer {
 public:
  /// Destructor.
  virtual ~Optimizer();

  /// Removes all gradients: grad() of each parameter is undefined afterwards.
  void zero_grad(SourceLine line = SourceLine::current());
  /// Changes each parameter according to its gradient, as computed by backward().
  virtual void step(SourceLine line = SourceLine::current());
  /// Calls zero_grad(), loss.backward() and step().
  /// @throws std::invalid_argument for an undefined loss, and as backward().
  void step(const TensorArg& loss);
  /// Same as above, with the loss that `closure` returns. Some methods call the closure more than once (LBFGS). Returns the first loss.
  /// @throws std::invalid_argument if the closure is empty or returns an undefined Tensor.
  virtual double step(const std::function<Tensor()>& closure, SourceLine line = SourceLine::current());

  /// Returns true if step() requires a closure, because a single gradient is not sufficient.
  virtual bool needs_closure() const noexcept { return false; }

  /// Returns the learning rate of a group. Initially, it is the one in the options of the group.
  /// @throws std::invalid_argument if there is no such group.
  double learning_rate(std::size_t group = 0, SourceLine line = SourceLine::current()) const;
  /// Sets the learning rate of all groups.
  /// @throws std::invalid_argument unless it is finite and not negative.
  void set_learning_rate(double learning_rate, SourceLine line = SourceLine::current());
  /// Sets the learning rate of one group.
  /// @throws std::invalid_argument unless it is finite and not negative, or if there is no such group.
  void set_group_learning_rate(std::size_t group, double learning_rate, SourceLine line = SourceLine::current());
  /// Returns the number of parameter groups.
  std::size_t group_count() const noexcept { return learning_rates_.size(); }

  /// Returns the parameters of all groups, in the order in which they were added.
  const std::vector<Tensor>& parameters() const noexcept { return parameters_; }

  /// Returns the state of each parameter that has been changed at least once. Each name is the index of the parameter and the kind of
  /// the state, such as "3.moment1"; "3.steps" (int64) is the number of steps taken by parameter 3. The Tensors share their values with the
  /// optimizer, except for the steps, which are copies. Options and learning rates are not part of the state.
  virtual std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Replaces the state with a copy of `state`. A parameter without an entry starts anew.
  /// @throws std::invalid_argument for an unknown name, or for an entry of another shape or dtype.
  virtual void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current());
  /// Same as state().
  std::vector<NamedTensor> state_dict(SourceLine line = SourceLine::current()) const { return state(line); }
  /// Same as load_state(state).
  void load_state_dict(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current()) { load_state(state, line); }

  /// The data for one step on one parameter, passed to update().
  struct ParameterStep {
    /// The parameter to change.
    Tensor& parameter;
    /// The gradient of the parameter.
    const Tensor& gradient;
    /// The state Tensors of the parameter, one for each name passed to the constructor of Optimizer. Undefined at the first step.
    std::span<Tensor> memory;
    /// The number of this step of the parameter, counted from 1.
    std::int64_t number;
    /// The index of the parameter in parameters().
    std::size_t index;
    /// The index of the parameter's group.
    std::size_t group;
    /// The learning rate of the group.
    double learning_rate;
  };

 protected:
  /// Constructor for derived classes. `name` is used in error messages; `memory` names the state Tensors of each parameter. Both must live
  /// as long as the program.
  Optimizer(const char* name, std::span<const std::string_view> memory) noexcept;
  /// Optimizers can be moved, but not copied.
  Optimizer(Optimizer&&) noexcept;
  /// Optimizers can be moved, but not copied.
  Optimizer& operator=(Optimizer&&) noexcept;

  /// Adds a group of parameters.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice, also in another group; or if the learning rate is negative or not finite.
  void add_parameters(std::vector<Tensor> parameters, double learning_rate, const SourceLine& line);

  /// Changes one parameter. Optimizers implement their formula here.
  virtual void update(const ParameterStep& step) = 0;
  /// Changes all parameters that have a gradient. The default calls update() and count_step() for one step after another. Override it if
  /// several parameters can be processed in one parallel loop.
  virtual void update_all(std::span<const ParameterStep> steps);
  /// Records that a step has been taken. An override of update_all() must call it for each step.
  void count_step(const ParameterStep& step) noexcept { steps_[step.index] = step.number; }

  /// Calls zero_grad(), the closure, and backward() on the loss that it returns. Returns the loss.
  Tensor evaluate(const std::function<Tensor()>& closure, const SourceLine& line);

  /// Checks a condition on an option.
  /// @throws std::invalid_argument `name: what is value, expected expectation` unless `holds`.
  void require(bool holds, const char* what, double value, const char* expectation, const SourceLine& line) const;
  /// Checks an option.
  /// @throws std::invalid_argument unless it is finite and not negative.
  void require_not_negative(const char* what, double value, const SourceLine& line) const;
  /// Checks an option.
  /// @throws std::invalid_argument unless 0 <= value < 1.
  void require_fraction(const char* what, double value, const SourceLine& line) const;

  /// Returns the name that was passed to the constructor.
  const char* name() const noexcept { return name_; }

 private:
  std::span<Tensor> memory_of(std::size_t parameter) noexcept;
  void require_group(std::size_t group, const SourceLine& line) const;

  const char* name_;
  std::vector<Tensor> parameters_;
  std::vector<std::size_t> groups_;     // the group of each parameter
  std::vector<double> learning_rates_;  // of each group
  std::span<const std::string_view> memory_names_;
  std::vector<Tensor> memory_;       // the state of parameter 0, then of parameter 1, ...
  std::vector<std::int64_t> steps_;  // the number of steps taken by each parameter
  std::vector<Tensor> gradients_;    // for the step in progress
  std::vector<ParameterStep> parameter_steps_;
};

/// An optimizer whose groups have options of type O, which must have a member learning_rate.
template <class O>
class GroupedOptimizer : public Optimizer {
 public:
  /// The type of the options of a group.
  using Options = O;

  /// Adds a group of parameters with separate options.
  /// @throws std::invalid_argument if there are no parameters; if a parameter is undefined, is not a leaf, does not require grad or occurs
  /// twice, also in another group; or if an option is outside its range.
  void add_group(std::vector<Tensor> parameters, const O& options, SourceLine line = SourceLine::current());

 protected:
  /// Constructor for derived classes; see Optimizer.
  using Optimizer::Optimizer;

  /// Checks the ranges of the options.
  /// @throws std::invalid_argument for an option outside its range.
  virtual void check(const O& options, const SourceLine& line) const = 0;

  /// Returns the options of the group that the parameter of a step belongs to.
  const O& options_of(const ParameterStep& step) const noexcept { return options_[step.group]; }

 private:
  std::vector<O> options_;  // of each group
};

// Not inline: the optimizers of the library instantiate this in their .cpp files, not in every file that includes this header.
template <class O>
void GroupedOptimizer<O>::add_group(std::vector<Tensor> parameters, const O& options, SourceLine line) {
  check(options, line);
  options_.reserve(options_.size() + 1);  // so that nothing throws once the parameters are added
  add_parameters(std::move(parameters), options.learning_rate, line);
  options_.push_back(options);
}

}  // namespace chainrule::nn
#pragma GCC visibility pop
