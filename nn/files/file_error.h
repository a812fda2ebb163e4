// Error messages about files.
// Internal header: not installed.
#pragma once

#include <string>

namespace chainrule::nn {

/// Throws "PATH: what", printable.
/// @throws std::runtime_error always.
[[noreturn]] void throw_file_error(const std::string& path, const std::string& what);

/// Returns the system's description of an errno value, in English in every locale.
std::string system_reason(int error);

}  // namespace chainrule::nn
