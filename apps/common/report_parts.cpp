#include "apps/common/report_parts.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>

namespace chainrule::apps {

std::vector<Mistake> worst_mistakes(const Tensor& outputs, const Tensor& labels, std::size_t most) {
  if (outputs.rank() != 2 || outputs.dtype() == DType::int64 || labels.rank() != 1 || labels.dtype() != DType::int64 ||
      labels.size(0) != outputs.size(0) || outputs.size(1) == 0)
    throw std::invalid_argument("worst_mistakes: expected outputs [n, classes] of a floating dtype and int64 labels [n]");
  const std::vector<double> values = outputs.to_vector<double>();
  const auto classes = static_cast<std::size_t>(outputs.size(1));
  const auto known = labels.data<std::int64_t>();
  std::vector<Mistake> mistakes;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::span<const double> scores(values.data() + i * classes, classes);
    if (!std::ranges::all_of(scores, [](double score) { return std::isfinite(score); })) continue;
    const auto best = std::ranges::max_element(scores);
    if (best - scores.begin() == known[i]) continue;
    mistakes.push_back({.example = static_cast<std::int64_t>(i), .label = known[i], .guess = best - scores.begin(), .confidence = *best});
  }
  std::ranges::sort(mistakes, [](const Mistake& a, const Mistake& b) {
    return a.confidence != b.confidence ? a.confidence > b.confidence : a.example < b.example;
  });
  if (mistakes.size() > most) mistakes.resize(most);
  return mistakes;
}

std::vector<ReportImage> weight_images(const Tensor& weight, std::int64_t rows, std::int64_t columns, std::size_t most) {
  if (weight.rank() != 2 || rows <= 0 || columns <= 0 || weight.size(0) % rows != 0 || weight.size(0) / rows != columns) return {};
  const std::vector<float> values = weight.to_vector<float>();
  const auto units = static_cast<std::size_t>(weight.size(1));
  std::vector<ReportImage> images;
  for (std::size_t unit = 0; unit < std::min(units, most); ++unit) {
    ReportImage& image = images.emplace_back(ReportImage{.rows = rows, .columns = columns, .values = {}});
    for (std::size_t at = unit; at < values.size(); at += units) image.values.push_back(values[at]);
  }
  return images;
}

}  // namespace chainrule::apps
