// The text files of which a report is made, embedded when the program is built.
#pragma once

#include <string_view>

namespace chainrule::apps::report_files {

extern const std::string_view kPage, kStyle, kScript;                    ///< of apps/common/report
extern const std::string_view kUplotScript, kUplotStyle, kUplotLicense;  ///< of third_party/uplot

}  // namespace chainrule::apps::report_files
