// Argument checks of losses and metrics.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <optional>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// @throws std::invalid_argument unless prediction and target are defined, have a floating dtype, and agree in shape and dtype. `op` and
/// `what` are the names of the function and of the prediction in the message.
void check_target(const char* op, const char* what, const Tensor& prediction, const Tensor& target, const SourceLine& line);

/// @throws std::invalid_argument unless scores have a floating dtype and shape [n, classes], labels are int64 [n], and each label is either
/// in [0, classes) or equal to `ignored`.
void check_labels(const char* op, const char* what, const Tensor& scores, const Tensor& labels, const SourceLine& line,
                  std::optional<std::int64_t> ignored = {});

}  // namespace chainrule::nn
