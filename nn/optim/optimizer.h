// Optimizer: the parameters to train, what is remembered of each, and the step that changes them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "autograd/tensor.h"
#include "nn/module.h"

namespace chainrule::nn {

/// Base of all optimizers. A parameter without gradient is left alone by step().
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Forgets all gradients: grad() of each parameter is undefined.
  void zero_grad(SourceLine line = SourceLine::current());
  /// Changes each parameter by its gradient.
  void step(SourceLine line = SourceLine::current());
  /// zero_grad(), loss.backward() and step() in one.
  void step(const TensorArg& loss);

  double learning_rate() const noexcept { return learning_rate_; }
  /// @throws std::invalid_argument unless finite and not negative.
  void set_learning_rate(double learning_rate, SourceLine line = SourceLine::current());

  const std::vector<Tensor>& parameters() const noexcept { return parameters_; }

  /// What is remembered of each parameter that had a gradient, by number and kind: "3.moment1", and "3.steps" (int64). The Tensors are
  /// the optimizer's own.
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Makes a copy of a state the one to go on from.
  /// @throws std::invalid_argument for a name, shape or dtype that does not belong here.
  void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current());

 protected:
  /// `memory` names the Tensors remembered of each parameter; it lives as long as the program.
  /// @throws std::invalid_argument for no parameters, one that is undefined, no leaf, listed twice or without requires_grad, or a
  /// learning rate that is negative or not finite.
  Optimizer(const char* name, std::vector<Tensor> parameters, double learning_rate, std::span<const std::string_view> memory,
            const SourceLine& line);
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// Changes one parameter. `memory` holds the Tensors named to the constructor, undefined at first; `step` counts from 1.
  virtual void update(Tensor& parameter, const Tensor& gradient, std::span<Tensor> memory, std::int64_t step) = 0;

  /// @throws std::invalid_argument `name: what is value, expected expectation` unless it holds.
  void require(bool holds, const char* what, double value, const char* expectation, const SourceLine& line) const;

 private:
  std::span<Tensor> memory_of(std::size_t parameter) noexcept;

  const char* name_;
  std::vector<Tensor> parameters_;
  double learning_rate_ = 0;
  std::span<const std::string_view> memory_names_;
  std::vector<Tensor> memory_;       // of parameter 0, then of parameter 1, ...
  std::vector<std::int64_t> steps_;  // taken by each parameter
};

}  // namespace chainrule::nn
