// The table of a module's layers, their shapes and the numbers of their parameters.
#pragma once

#include <optional>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// What a summary() shows.
struct SummaryOptions {
  /// The shape of one example: fills in the shapes of a Sequential, whose layers of open size make their parameters by it. A Model knows
  /// its own; other modules show none.
  std::optional<Shape> input = std::nullopt;
};

/// A row for each layer (name and what it is; its result's shape for one example; how many parameters; in a Model, what it takes), then
/// the numbers of parameters that require grad or do not, and of elements in buffers, with their bytes. What is met before is `shared`.
/// A module that is itself a child takes one row.
/// @throws std::invalid_argument where the shape does not fit.
std::string summary(const Module& module, const SummaryOptions& options = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
