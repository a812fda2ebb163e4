// Formatting of text and numbers as JSON.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chainrule::nn {

/// Returns the text in quotes as a JSON string for an error message: shortened if it is long, with bytes that are not UTF-8 replaced.
std::string json_quote(std::string_view words);

/// Returns the whole text as a JSON string.
/// @throws std::invalid_argument if the text is not UTF-8.
std::string json_string(std::string_view words);

/// Returns true if the text is valid UTF-8.
bool is_utf8(std::string_view words);

/// Appends the shortest text that reads back as the same number. NaN and infinities become the strings "nan", "inf" and "-inf".
/// @{
void append_json_number(std::string& out, float value);
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, std::int64_t value);
/// @}

/// Returns what append_json_number() appends.
template <class T>
std::string json_number(T value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

/// Returns the number that "nan", "inf" or "-inf" stands for; nullopt for other texts.
std::optional<double> special_number(std::string_view words);

}  // namespace chainrule::nn
