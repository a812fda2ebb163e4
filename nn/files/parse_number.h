// parse_number(): reads a number from its text, in the same way in every locale. For the library and its programs.
#pragma once

#include <string_view>

#pragma GCC visibility push(default)
namespace chainrule::detail {

/// What a text is.
enum class Parsed {
  number,     ///< a number of the type
  too_large,  ///< a number whose absolute value is too large for the type
  other,      ///< not a number of the type
};

/// Parses the whole text as a number, in the form that std::from_chars accepts, and stores it in `value` if it is one. A number that is too
/// small for a floating type becomes 0 with its sign. T is float, double, int, std::int64_t, std::uint8_t or std::uint64_t.
template <class T>
[[gnu::visibility("default")]] Parsed parse_number(std::string_view words, T& value) noexcept;

}  // namespace chainrule::detail
#pragma GCC visibility pop
