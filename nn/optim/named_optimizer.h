// The parts of OptimizerFactory: from the options of an optimizer, and from a name with settings.
// Internal header: not installed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "autograd/base/check.h"
#include "nn/module/names.h"
#include "nn/optim/factory.h"

namespace chainrule::nn {

/// Returns a factory that makes an O with these options.
template <class O>
OptimizerFactory make_factory(const char* name, const typename O::Options& options, bool full_batch = false) {
  const auto make = [options](std::vector<Tensor> parameters, const SourceLine& line) {
    return std::make_unique<O>(std::move(parameters), options, line);
  };
  return OptimizerFactory(std::string(name), make, full_batch);
}

/// Returns options as `start`, except for what the settings say.
/// @throws std::invalid_argument for a setting that the options do not have.
template <class Options>
Options with_settings(std::string_view name, Options start, const OptimizerSettings& settings, const SourceLine& line) {
  const auto refuse = [&](const char* what) { detail::throw_invalid("OptimizerFactory", detail::text(name, " has no ", what), line); };
  start.learning_rate = settings.learning_rate.value_or(start.learning_rate);
  if constexpr (requires { start.weight_decay; }) {
    start.weight_decay = settings.weight_decay.value_or(start.weight_decay);
  } else if (settings.weight_decay) {
    refuse("weight_decay");
  }
  if constexpr (requires { start.momentum; }) {
    start.momentum = settings.momentum.value_or(start.momentum);
  } else if (settings.momentum) {
    refuse("momentum");
  }
  return start;
}

/// Makes the factory of a name from settings.
using MakeNamed = OptimizerFactory (*)(std::string_view name, const OptimizerSettings& settings, const SourceLine& line);

/// The MakeNamed of the class O, whose factory function is kFactory.
template <class O, OptimizerFactory (*kFactory)(const typename O::Options&)>
OptimizerFactory make_named(std::string_view name, const OptimizerSettings& settings, const SourceLine& line) {
  return kFactory(with_settings(name, typename O::Options(), settings, line));
}

}  // namespace chainrule::nn
