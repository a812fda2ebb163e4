// OptimizerFactory: which optimizer to make once the parameters are known, by name or with options.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/optim/adadelta.h"
#include "nn/optim/adagrad.h"
#include "nn/optim/adam.h"
#include "nn/optim/adamax.h"
#include "nn/optim/adamw.h"
#include "nn/optim/lbfgs.h"
#include "nn/optim/lion.h"
#include "nn/optim/nadam.h"
#include "nn/optim/radam.h"
#include "nn/optim/rmsprop.h"
#include "nn/optim/sgd.h"

namespace chainrule::nn {

/// What can be said of an optimizer named by text; what is left out has the default of its Options.
struct OptimizerSettings {
  /// None: the optimizer's own default.
  std::optional<double> learning_rate = {};
  /// Not for lbfgs.
  std::optional<double> weight_decay = {};
  /// For sgd, momentum (0.9 if left out), iterative and rmsprop.
  std::optional<double> momentum = {};
};

/// What makes an optimizer of parameters: `"adam"`, or `nn::adam({.learning_rate = 1e-3})`.
class OptimizerFactory {
 public:
  /// From parameters, and the line that errors name, to an optimizer.
  using Make = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor> parameters, const SourceLine& line)>;

  /// None: it makes nothing, and its name is empty.
  OptimizerFactory() = default;
  /// One of sgd, momentum (SGD with momentum 0.9), rmsprop, adagrad, adadelta, adam, adamw, adamax, nadam, radam, lion, lbfgs and iterative
  /// (SGD by full batches).
  /// @throws std::invalid_argument for an unknown name, listing the known, or a setting that it does not have.
  OptimizerFactory(std::string_view name, const OptimizerSettings& settings, SourceLine line = SourceLine::current());
  OptimizerFactory(std::string_view name, SourceLine line = SourceLine::current()) : OptimizerFactory(name, {}, line) {}
  OptimizerFactory(const char* name, SourceLine line = SourceLine::current()) : OptimizerFactory(std::string_view(name), line) {}
  OptimizerFactory(const std::string& name, SourceLine line = SourceLine::current()) : OptimizerFactory(std::string_view(name), line) {}
  /// An optimizer of one's own. `full_batch`: see full_batch().
  OptimizerFactory(std::string name, Make make, bool full_batch = false)
      : name_(std::move(name)), make_(std::move(make)), full_batch_(full_batch) {}

  /// @throws std::invalid_argument for what the optimizer's constructor refuses; std::logic_error for none.
  std::unique_ptr<Optimizer> operator()(std::vector<Tensor> parameters, SourceLine line = SourceLine::current()) const;

  /// The name it was made by.
  const std::string& name() const noexcept { return name_; }
  /// Whether each step is meant to see all data at once (lbfgs, iterative).
  bool full_batch() const noexcept { return full_batch_; }

 private:
  std::string name_;
  Make make_;
  bool full_batch_ = false;
};

/// The optimizer of that name on these parameters.
/// @throws std::invalid_argument as OptimizerFactory and the optimizer's constructor.
std::unique_ptr<Optimizer> make_optimizer(std::string_view name, std::vector<Tensor> parameters, const OptimizerSettings& settings = {},
                                          SourceLine line = SourceLine::current());

/// Factories with all options; these are checked when the optimizer is made.
OptimizerFactory sgd(const SGDOptions& options = {});
OptimizerFactory rmsprop(const RMSpropOptions& options = {});
OptimizerFactory adagrad(const AdagradOptions& options = {});
OptimizerFactory adadelta(const AdadeltaOptions& options = {});
OptimizerFactory adam(const AdamOptions& options = {});
OptimizerFactory adamw(const AdamWOptions& options = {});
OptimizerFactory adamax(const AdamaxOptions& options = {});
OptimizerFactory nadam(const NAdamOptions& options = {});
OptimizerFactory radam(const RAdamOptions& options = {});
OptimizerFactory lion(const LionOptions& options = {});
OptimizerFactory lbfgs(const LBFGSOptions& options = {});

}  // namespace chainrule::nn
