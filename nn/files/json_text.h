// Text and numbers as JSON has them.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chainrule::nn {

/// The text in quotes, as JSON has it and no longer than a message can bear. Bytes that are not UTF-8 are replaced.
std::string json_quote(std::string_view words);

/// All of the text in quotes.
/// @throws std::invalid_argument unless it is UTF-8.
std::string json_string(std::string_view words);

bool is_utf8(std::string_view words);

/// Adds the shortest text that is read as the same number; "nan", "inf" and "-inf" in quotes.
void append_json_number(std::string& out, float value);
void append_json_number(std::string& out, double value);
void append_json_number(std::string& out, std::int64_t value);

template <class T>
std::string json_number(T value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

/// The number that these words stand for: "nan", "inf", "-inf".
std::optional<double> special_number(std::string_view words);

}  // namespace chainrule::nn
