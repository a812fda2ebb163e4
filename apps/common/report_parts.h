// What reports show of tensors: the worst mistakes of a classifier, the weights of a layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "apps/common/html_report.h"
#include "autograd/graph/tensor.h"

namespace chainrule::apps {

/// One example that got another class than its label.
struct Mistake {
  std::int64_t example = 0, label = 0, guess = 0;
  double confidence = 0;  ///< the network's output for the guess
};

/// The wrong guesses with the highest confidence, at most `most`, the most confident first; of equal ones the first example.
/// Outputs: [n, classes], probabilities or the like; rows with NaN or infinite ones are left out. Labels: int64 [n].
/// @throws std::invalid_argument unless the shapes and dtypes are these.
std::vector<Mistake> worst_mistakes(const Tensor& outputs, const Tensor& labels, std::size_t most);

/// What each unit multiplies its inputs with, at most `most` units: weight [d_in, d_out] of a Dense whose inputs are images, row by row.
/// None where d_in is not rows·columns, or rows is 0.
std::vector<ReportImage> weight_images(const Tensor& weight, std::int64_t rows, std::int64_t columns, std::size_t most);

}  // namespace chainrule::apps
