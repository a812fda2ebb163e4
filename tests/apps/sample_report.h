// A report with awkward contents: texts that contain HTML, bytes that are not UTF-8, numbers that are NaN or infinite.
#pragma once

#include <limits>
#include <string>

#include "apps/common/html_report.h"

namespace chainrule::test {

inline const std::string kAttack =
    "</script><script>document.documentElement.dataset.broken = 1</script><img src=x onerror=document.documentElement.dataset.broken=2>";

inline apps::HtmlReport awkward_report() {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
  constexpr auto kNaNf = std::numeric_limits<float>::quiet_NaN();
  return {.title = "Größe & \"<b>\"" + kAttack,
          .command = "train '" + kAttack + "' \xff --name={{data}}",
          .summary = {{"<i>time</i>", kAttack}},
          .settings = {{kAttack, "{{title}}"}, {"</title><!--", "<!--<script>"}, {"separators", "\u2028\u2029\\"}},
          .series = {{.name = kAttack, .loss = {kNaN, 0.5, kInfinity, 0.25}, .accuracy = {kNaN, kNaN, kNaN, kNaN}}},
          .examples = "<b>flowers</b>",
          .class_names = {kAttack, "", "c & d"},
          .confusion = {0, 0, 0, 3, 1, 0, 0, 0, 1'000'000'007},
          .mistakes = {{.label = kAttack, .guess = "c & d", .confidence = kNaN, .example = kAttack}},
          .weights = {{.rows = 1, .columns = 3, .values = {kNaNf, kNaNf, kNaNf}}, {.rows = 2, .columns = 1, .values = {0, 0}}},
          .units = 5,
          .model = "Sequential\n  0 " + kAttack};
}

}  // namespace chainrule::test
