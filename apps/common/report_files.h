// The text files that a report is put together from, as they were when the program was built.
#pragma once

#include <string_view>

namespace chainrule::apps::report_files {

extern const std::string_view kPage, kStyle, kScript;                    ///< of apps/common/report
extern const std::string_view kUplotScript, kUplotStyle, kUplotLicense;  ///< of third_party/uplot

}  // namespace chainrule::apps::report_files
