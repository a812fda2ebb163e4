#include "apps/common/confusion_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>

#include "autograd/base/printable.h"

namespace chainrule::apps {

std::string confusion_table(const Tensor& counts, const std::vector<std::string>& class_names) {
  const auto cells = counts.data<std::int64_t>();
  const std::size_t classes = class_names.size();
  std::vector<std::string> labels;
  std::size_t label_width = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    const std::string number = std::to_string(c);
    labels.push_back(class_names[c] == number ? number : number + " " + detail::printable(class_names[c]));
    label_width = std::max(label_width, labels.back().size());
  }
  const std::size_t width = std::max<std::size_t>(4, std::to_string(*std::ranges::max_element(cells)).size()) + 1;

  std::string table = "Test examples by true class (rows) and predicted class (columns):\n" + std::string(label_width + 2, ' ');
  for (std::size_t c = 0; c < classes; ++c) table += fmt::format("{:>{}}", c, width);
  table += "  accuracy";
  for (std::size_t c = 0; c < classes; ++c) {
    const auto row = cells.subspan(c * classes, classes);
    table += fmt::format("\n  {:<{}}", labels[c], label_width);
    for (const std::int64_t count : row) table += fmt::format("{:>{}}", count, width);
    const std::int64_t images = std::accumulate(row.begin(), row.end(), std::int64_t{0});
    table += images == 0 ? "         -" : fmt::format("{:>8.2f} %", 100 * static_cast<double>(row[c]) / static_cast<double>(images));
  }
  return table;
}

}  // namespace chainrule::apps
