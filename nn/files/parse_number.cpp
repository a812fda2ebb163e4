#include "nn/files/parse_number.h"

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <type_traits>

#ifndef __cpp_lib_to_chars
#include <locale.h>
#include <stdlib.h>

#include <cerrno>
#include <cmath>
#include <string>
#endif

namespace chainrule::detail {
namespace {

// Returns true if a decimal number other than 0 is between -1 and 1.
bool is_fraction(std::string_view digits) noexcept {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;  // more than any text has digits
  const std::size_t mark = std::min(digits.find_first_of("eE"), digits.size());
  std::int64_t exponent = 0;
  std::string_view after = digits.substr(std::min(mark + 1, digits.size()));
  if (after.starts_with('+')) after.remove_prefix(1);
  const auto [end, error] = std::from_chars(after.data(), after.data() + after.size(), exponent);
  if (error == std::errc::result_out_of_range) exponent = after.starts_with('-') ? -kMost : kMost;
  const std::string_view before = digits.substr(0, mark);
  const auto first = static_cast<std::int64_t>(std::min(before.find_first_of("123456789"), before.size()));
  const auto point = static_cast<std::int64_t>(std::min(before.find('.'), before.size()));
  const std::int64_t of_first = first < point ? point - first - 1 : point - first;  // the power of ten of the first digit that is not 0
  return of_first + std::clamp(exponent, -kMost, kMost) < 0;
}

// Same as std::from_chars.
template <class T>
std::from_chars_result read_number(const char* begin, const char* end, T& value) noexcept {
  return std::from_chars(begin, end, value);
}

#ifndef __cpp_lib_to_chars
// libc++ 19 has no std::from_chars for floating types. strtod accepts more: white space, plus signs and hexadecimal numbers.
template <std::floating_point T>
std::from_chars_result read_number(const char* begin, const char* end, T& value) noexcept {
  static const locale_t classic = newlocale(LC_ALL_MASK, "C", nullptr);
  const std::string text(begin, end);
  const std::size_t digits = text.starts_with('-') ? 1 : 0;
  const char first = text.c_str()[digits];
  const bool white = first == ' ' || (first >= '\t' && first <= '\r');
  const bool hexadecimal = first == '0' && (text.c_str()[digits + 1] | 0x20) == 'x';
  if (first == '+' || white || hexadecimal) return {begin, std::errc::invalid_argument};
  char* after = nullptr;
  errno = 0;
  T read = 0;
  if constexpr (std::is_same_v<T, float>) {
    read = strtof_l(text.c_str(), &after, classic);
  } else {
    read = strtod_l(text.c_str(), &after, classic);
  }
  if (after == text.c_str()) return {begin, std::errc::invalid_argument};
  const char* const stop = begin + (after - text.c_str());
  if (errno == ERANGE && (read == 0 || std::isinf(read))) return {stop, std::errc::result_out_of_range};
  value = read;
  return {stop, std::errc()};
}
#endif

}  // namespace

template <class T>
Parsed parse_number(std::string_view words, T& value) noexcept {
  const auto [end, error] = read_number(words.data(), words.data() + words.size(), value);
  if (end != words.data() + words.size() || error == std::errc::invalid_argument) return Parsed::other;
  if (error == std::errc()) return Parsed::number;
  if constexpr (std::is_floating_point_v<T>) {
    if (is_fraction(words)) {
      value = words.starts_with('-') ? -T{0} : T{0};
      return Parsed::number;
    }
  }
  return Parsed::too_large;
}

template Parsed parse_number(std::string_view words, float& value) noexcept;
template Parsed parse_number(std::string_view words, double& value) noexcept;
template Parsed parse_number(std::string_view words, int& value) noexcept;
template Parsed parse_number(std::string_view words, std::int64_t& value) noexcept;
template Parsed parse_number(std::string_view words, std::uint8_t& value) noexcept;
template Parsed parse_number(std::string_view words, std::uint64_t& value) noexcept;

}  // namespace chainrule::detail
