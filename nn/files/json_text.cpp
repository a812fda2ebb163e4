#include "nn/files/json_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace chainrule::nn {
namespace {

using nlohmann::json;

std::string dump(std::string_view words, json::error_handler_t on_error) { return json(words).dump(-1, ' ', false, on_error); }

template <class T>
void append_shortest(std::string& out, T value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

template <class T>
void append_floating(std::string& out, T value) {
  if (std::isfinite(value)) return append_shortest(out, value);
  out += std::isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"";
}

}  // namespace

std::string json_quote(std::string_view words) {
  constexpr std::size_t kMost = 200;
  if (words.size() <= kMost) return dump(words, json::error_handler_t::replace);
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80) --end;  // does not cut a UTF-8 character
  std::string shortened = dump(words.substr(0, end), json::error_handler_t::replace);
  return shortened.insert(shortened.size() - 1, "...");
}

std::string json_string(std::string_view words) {
  try {
    return dump(words, json::error_handler_t::strict);
  } catch (const json::exception&) {
    throw std::invalid_argument("the text " + json_quote(words) + " is not UTF-8");
  }
}

bool is_utf8(std::string_view words) {
  try {
    static_cast<void>(dump(words, json::error_handler_t::strict));
    return true;
  } catch (const json::exception&) {
    return false;
  }
}

void append_json_number(std::string& out, float value) { append_floating(out, value); }
void append_json_number(std::string& out, double value) { append_floating(out, value); }
void append_json_number(std::string& out, std::int64_t value) { append_shortest(out, value); }

std::optional<double> special_number(std::string_view words) {
  if (words == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (words == "inf") return std::numeric_limits<double>::infinity();
  if (words == "-inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace chainrule::nn
