#include "nn/files/parse_number.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <type_traits>

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

}  // namespace

template <class T>
Parsed parse_number(std::string_view words, T& value) noexcept {
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), value);
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
