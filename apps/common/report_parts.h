// Parts of a report made from tensors: a classifier's worst mistakes and a layer's weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "apps/common/html_report.h"
#include "autograd/graph/tensor.h"

namespace chainrule::apps {

/// A misclassified example.
struct Mistake {
  std::int64_t example = 0, label = 0, guess = 0;
  double confidence = 0;  ///< the network's output for the guess
};

/// Up to `most` wrong guesses, in descending order of confidence; equally confident ones in the order of the examples. `outputs` are
/// probabilities or other scores [n, classes]; rows with NaN or infinity are skipped. `labels` are int64 [n].
/// @throws std::invalid_argument if a shape or dtype differs from these.
std::vector<Mistake> worst_mistakes(const Tensor& outputs, const Tensor& labels, std::size_t most);

/// The weights of up to `most` units as images, from the weight [d_in, d_out] of a Dense whose inputs are images in row-major order.
/// Returns no images if d_in is not rows·columns or `rows` is 0.
std::vector<ReportImage> weight_images(const Tensor& weight, std::int64_t rows, std::int64_t columns, std::size_t most);

}  // namespace chainrule::apps
