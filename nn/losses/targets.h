// Checks of what a loss or a metric compares.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <optional>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// @throws std::invalid_argument unless both are defined, floating, and of one shape and dtype.
void check_target(const char* op, const char* what, const Tensor& prediction, const Tensor& target, const SourceLine& line);

/// @throws std::invalid_argument unless scores are floating [n, classes], labels int64 [n], and each label lies in [0, classes) or is the
/// ignored one.
void check_labels(const char* op, const char* what, const Tensor& scores, const Tensor& labels, const SourceLine& line,
                  std::optional<std::int64_t> ignored = {});

}  // namespace chainrule::nn
