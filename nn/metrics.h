// Metrics: how good predictions are, as numbers to read and not to differentiate.
#pragma once

#include "autograd/tensor.h"

namespace chainrule::nn {

/// The share of examples whose largest score, the first of equal ones, is at their label: logits or probabilities [n, classes], labels
/// int64 [n]. NaN for no examples.
/// @throws std::invalid_argument for a label outside 0 to classes - 1, or other shapes or dtypes.
double accuracy(const TensorArg& scores, const Tensor& labels);

/// How many examples of each label got each largest score: int64 [classes, classes], a row for a label, a column for a prediction.
/// @throws std::invalid_argument as accuracy.
Tensor confusion_matrix(const TensorArg& scores, const Tensor& labels);

}  // namespace chainrule::nn
