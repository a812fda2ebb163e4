// Optimizer: the parameters to train, what is remembered of each, and the step that changes them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// Stands in options where PyTorch has `lr`, so that `{.lr = 0.1}` is an error that says what to write. A name that is no member at all is
/// only reported as braces that convert to nothing.
struct NoOptionLr {
  constexpr NoOptionLr() noexcept = default;
  template <class T>
  NoOptionLr(const T&) {
    static_assert(!std::is_same_v<T, T>, "there is no option lr: write .learning_rate");
  }
};

/// Base of all optimizers. Parameters come in groups, each with options of its own. A parameter without gradient is left alone by step().
class Optimizer {
 public:
  virtual ~Optimizer();

  /// Forgets all gradients: grad() of each parameter is undefined.
  void zero_grad(SourceLine line = SourceLine::current());
  /// Changes each parameter by its gradient.
  virtual void step(SourceLine line = SourceLine::current());
  /// zero_grad(), loss.backward() and step() in one.
  void step(const TensorArg& loss);
  /// The same with the loss that a function computes, for methods that need it more than once (LBFGS). Returns the first loss.
  virtual double step(const std::function<Tensor()>& closure, SourceLine line = SourceLine::current());

  /// Whether step() must be given a closure: one gradient is not enough.
  virtual bool needs_closure() const noexcept { return false; }

  /// The learning rate of a group, at first that of its options.
  /// @throws std::invalid_argument where there is no such group.
  double learning_rate(std::size_t group = 0, SourceLine line = SourceLine::current()) const;
  /// Sets the learning rate of every group.
  /// @throws std::invalid_argument unless finite and not negative.
  void set_learning_rate(double learning_rate, SourceLine line = SourceLine::current());
  /// Sets the learning rate of one group.
  /// @throws std::invalid_argument unless finite and not negative, or where there is no such group.
  void set_group_learning_rate(std::size_t group, double learning_rate, SourceLine line = SourceLine::current());
  std::size_t group_count() const noexcept { return learning_rates_.size(); }

  /// The parameters of all groups, in the order they were given.
  const std::vector<Tensor>& parameters() const noexcept { return parameters_; }

  /// What is remembered of each parameter that had a gradient, by number and kind: "3.moment1", and "3.steps" (int64). The Tensors are
  /// the optimizer's own. Options and learning rates are no part of it.
  virtual std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Makes a copy of a state the one to go on from.
  /// @throws std::invalid_argument for a name, shape or dtype that does not belong here.
  virtual void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current());
  /// Same as state().
  std::vector<NamedTensor> state_dict(SourceLine line = SourceLine::current()) const { return state(line); }
  /// Same as load_state(state).
  void load_state_dict(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current()) { load_state(state, line); }

  /// What update() is told of one parameter.
  struct ParameterStep {
    /// What is to change, and its gradient.
    Tensor& parameter;
    const Tensor& gradient;
    /// The Tensors named to the constructor, undefined at first.
    std::span<Tensor> memory;
    /// Counts the parameter's steps from 1.
    std::int64_t number;
    /// The parameter's place in parameters().
    std::size_t index;
    std::size_t group;
    double learning_rate;
  };

 protected:
  /// `memory` names the Tensors remembered of each parameter; it lives as long as the program.
  Optimizer(const char* name, std::span<const std::string_view> memory) noexcept;
  Optimizer(Optimizer&&) noexcept;
  Optimizer& operator=(Optimizer&&) noexcept;

  /// One group more.
  /// @throws std::invalid_argument for no parameters, one that is undefined, no leaf, listed twice or without requires_grad, or a
  /// learning rate that is negative or not finite.
  void add_parameters(std::vector<Tensor> parameters, double learning_rate, const SourceLine& line);

  /// Options of a type that only the optimizer knows, and what frees them.
  using KeptOptions = std::unique_ptr<const void, void (*)(const void*)>;
  /// One group more, with options.
  void add_parameters(std::vector<Tensor> parameters, double learning_rate, KeptOptions options, const SourceLine& line);
  /// Those of a group.
  const void* kept_options(std::size_t group) const noexcept { return options_[group].get(); }
  /// Frees the memory of an object that needs no destructor.
  static void free_options(const void* options) noexcept;

  /// Changes one parameter.
  virtual void update(const ParameterStep& step) = 0;
  /// Changes all parameters that have a gradient: by update(), one after the other, each counted by count_step(). An optimizer whose work
  /// on several can be shared among threads in one go does it here.
  virtual void update_all(std::span<const ParameterStep> steps);
  /// Counts a step's step as taken.
  void count_step(const ParameterStep& step) noexcept { steps_[step.index] = step.number; }

  /// zero_grad(), and the closure's loss and its gradients.
  Tensor evaluate(const std::function<Tensor()>& closure, const SourceLine& line);

  /// @throws std::invalid_argument `name: what is value, expected expectation` unless it holds.
  void require(bool holds, const char* what, double value, const char* expectation, const SourceLine& line) const;
  /// @throws std::invalid_argument unless finite and not negative.
  void require_not_negative(const char* what, double value, const SourceLine& line) const;
  /// @throws std::invalid_argument unless 0 or more and below 1.
  void require_fraction(const char* what, double value, const SourceLine& line) const;

  const char* name() const noexcept { return name_; }

 private:
  std::span<Tensor> memory_of(std::size_t parameter) noexcept;
  void require_group(std::size_t group, const SourceLine& line) const;

  const char* name_;
  std::vector<Tensor> parameters_;
  std::vector<std::size_t> groups_;     // of each parameter
  std::vector<double> learning_rates_;  // of each group
  std::span<const std::string_view> memory_names_;
  std::vector<Tensor> memory_;        // of parameter 0, then of parameter 1, ...
  std::vector<std::int64_t> steps_;   // taken by each parameter
  std::vector<KeptOptions> options_;  // of each group, where the optimizer keeps any
  std::vector<Tensor> gradients_;     // of the step that is being taken
  std::vector<ParameterStep> parameter_steps_;
};

/// An optimizer whose groups have options of type O, one of which is learning_rate.
template <class O>
class GroupedOptimizer : public Optimizer {
 public:
  using Options = O;

  /// More parameters, with options of their own.
  /// @throws std::invalid_argument as the constructor, and for a parameter of another group.
  void add_group(std::vector<Tensor> parameters, const O& options, SourceLine line = SourceLine::current());

 protected:
  using Optimizer::Optimizer;

  /// @throws std::invalid_argument for an option out of its range.
  virtual void check(const O& options, const SourceLine& line) const = 0;

  const O& options_of(const ParameterStep& step) const noexcept { return *static_cast<const O*>(kept_options(step.group)); }
};

// Not inline, so that a user's file has no code for the optimizers of the library, which groups.cpp instantiates.
template <class O>
void GroupedOptimizer<O>::add_group(std::vector<Tensor> parameters, const O& options, SourceLine line) {
  check(options, line);
  auto* release = &Optimizer::free_options;
  if constexpr (!std::is_trivially_destructible_v<O> || alignof(O) > __STDCPP_DEFAULT_NEW_ALIGNMENT__)
    release = [](const void* kept) noexcept { delete static_cast<const O*>(kept); };
  add_parameters(std::move(parameters), options.learning_rate, KeptOptions(new O(options), release), line);
}

}  // namespace chainrule::nn
