#include "apps/mnist/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace chainrule::apps {

Confusion::Confusion(std::int64_t classes) : classes_(classes), counts_(static_cast<std::size_t>(classes * classes)) {}

std::int64_t Confusion::correct() const noexcept {
  std::int64_t sum = 0;
  for (std::int64_t label = 0; label < classes_; ++label) sum += count(label, label);
  return sum;
}

std::int64_t Confusion::total() const noexcept { return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0}); }

std::string confusion_table(const Confusion& confusion, const std::vector<std::string>& class_names) {
  std::vector<std::string> labels;
  std::size_t label_width = 0;
  std::size_t width = 5;
  for (std::int64_t c = 0; c < confusion.classes(); ++c) {
    const std::string number = std::to_string(c);
    const std::string& name = class_names[static_cast<std::size_t>(c)];
    labels.push_back(name == number ? number : number + " " + name);
    label_width = std::max(label_width, labels.back().size());
    for (std::int64_t p = 0; p < confusion.classes(); ++p) width = std::max(width, std::to_string(confusion.count(c, p)).size() + 1);
  }

  std::string table = "Test images by true class (rows) and predicted class (columns):\n";
  table += std::string(label_width + 2, ' ');
  for (std::int64_t c = 0; c < confusion.classes(); ++c) table += fmt::format("{:>{}}", c, width);
  table += "  accuracy\n";
  for (std::int64_t c = 0; c < confusion.classes(); ++c) {
    table += fmt::format("  {:<{}}", labels[static_cast<std::size_t>(c)], label_width);
    std::int64_t images = 0;
    for (std::int64_t p = 0; p < confusion.classes(); ++p) {
      table += fmt::format("{:>{}}", confusion.count(c, p), width);
      images += confusion.count(c, p);
    }
    const double share = static_cast<double>(confusion.count(c, c)) / static_cast<double>(images);
    table += images == 0 ? "         -" : fmt::format("{:>8.2f} %", 100 * share);
    if (c + 1 < confusion.classes()) table += '\n';
  }
  return table;
}

}  // namespace chainrule::apps
