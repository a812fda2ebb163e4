// OptimizerFactory: the type of the `optimizer` option of fit() and compile(). It makes the optimizer when the parameters are known.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/optim/optimizers.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Settings of an optimizer that is given by name. A setting that is not given has the default of the optimizer's own options.
struct OptimizerSettings {
  /// The learning rate.
  std::optional<double> learning_rate = {};
  /// The weight decay; not available for "lbfgs".
  std::optional<double> weight_decay = {};
  /// The momentum; available for "sgd", "momentum" (default 0.9), "iterative" and "rmsprop".
  std::optional<double> momentum = {};
};

/// Makes an optimizer for a list of parameters. Write it as a name, `"adam"`, or with options, `nn::adam({.learning_rate = 1e-3})`.
class OptimizerFactory {
 public:
  /// A function that makes an optimizer for the given parameters. `line` is the line that errors name.
  using Make = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor> parameters, const SourceLine& line)>;

  /// Makes an empty factory, which selects no optimizer and has an empty name.
  OptimizerFactory() = default;
  /// Selects the optimizer with this name: "sgd", "momentum" (SGD with momentum 0.9), "rmsprop", "adagrad", "adadelta", "adam", "adamw",
  /// "adamax", "nadam", "radam", "lion", "lbfgs" or "iterative" (SGD on the full batch).
  /// @throws std::invalid_argument for an unknown name, with a list of the known names, or for a setting that the optimizer does not have.
  OptimizerFactory(std::string_view name, const OptimizerSettings& settings, SourceLine line = SourceLine::current());

  /// Same as above, with the default settings.
  /// @{
  OptimizerFactory(std::string_view name, SourceLine line = SourceLine::current()) : OptimizerFactory(name, {}, line) {}
  OptimizerFactory(const char* name, SourceLine line = SourceLine::current()) : OptimizerFactory(std::string_view(name), line) {}
  OptimizerFactory(const std::string& name, SourceLine line = SourceLine::current()) : OptimizerFactory(std::string_view(name), line) {}
  /// @}

  /// Selects a custom optimizer, which `make` constructs. For `full_batch` see full_batch().
  OptimizerFactory(std::string name, Make make, bool full_batch = false)
      : name_(std::move(name)), make_(std::move(make)), full_batch_(full_batch) {}

  /// Makes the optimizer for these parameters.
  /// @throws the exceptions of the optimizer's constructor.
  /// @throws std::logic_error if no optimizer was given.
  std::unique_ptr<Optimizer> operator()(std::vector<Tensor> parameters, SourceLine line = SourceLine::current()) const;

  /// Returns the name of the optimizer; empty if no optimizer was given.
  const std::string& name() const noexcept { return name_; }
  /// Returns true if each step should use all data at once ("lbfgs" and "iterative").
  bool full_batch() const noexcept { return full_batch_; }

 private:
  std::string name_;
  Make make_;
  bool full_batch_ = false;
};

/// Returns a new optimizer with this name for these parameters; see OptimizerFactory for the names.
/// @throws std::invalid_argument for an unknown name or a setting that the optimizer does not have, and the exceptions of the
/// optimizer's constructor.
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, std::vector<Tensor> parameters, const OptimizerSettings& settings = {},
                                          SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
