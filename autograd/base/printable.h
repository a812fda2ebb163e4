// printable() and unsigned_nan(): names and numbers as messages, tables and reports show them. For the library and its programs.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace chainrule::detail {

/// Returns a text from a user or a file in a form that is safe to print: valid UTF-8 in a single line, without control characters. These
/// become escapes such as `\n`, `\x1b` and `\u0085`, and bytes that are not UTF-8 become escapes such as `\xff`. Other characters, also
/// backslashes, stay; so printable text is returned unchanged.
std::string printable(std::string_view words);

/// Returns the number, but a NaN without its sign, which printing functions would show as "-nan".
inline double unsigned_nan(double value) noexcept { return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value; }

}  // namespace chainrule::detail
#pragma GCC visibility pop
