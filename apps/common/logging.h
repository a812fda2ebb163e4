// Logging of the programs: to standard output, and to standard error for warnings and errors.
#pragma once

#include <string>

namespace chainrule::apps {

/// Sets up spdlog's default logger. Lines are plain; warnings and errors go to standard error, as `program: text`.
/// `level` is one of spdlog's names: trace, debug, info, warning, error, off.
void set_up_logging(const std::string& program, const std::string& level);

}  // namespace chainrule::apps
