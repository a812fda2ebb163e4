// summary(): a table of the layers of a module, with shapes and numbers of parameters.
#pragma once

#include <optional>
#include <string>

#include "autograd/base/shape.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of summary().
struct SummaryOptions {
  /// The shape of one example of the input of a Sequential. With it, the table shows the shapes of the results, and layers whose input size
  /// is open are built. A Model knows its shapes without this option; for other modules no shapes are shown.
  std::optional<Shape> input = std::nullopt;
};

/// Returns a table with a row for each layer: its name and description, the shape of one example of its result, its number of parameters,
/// and in a Model the values it is connected to. Below the table are the numbers of trainable and of frozen parameters and of buffer
/// elements, with their sizes in bytes. A layer that has occurred before is marked `shared`. The children of a child are not shown
/// separately.
/// @throws std::invalid_argument if the shape does not fit the module.
std::string summary(const Module& module, const SummaryOptions& options = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
