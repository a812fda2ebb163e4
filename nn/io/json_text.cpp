#include "nn/io/json_text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace chainrule::nn {
namespace {

// What text begins with: one character of UTF-8, or the bytes of one that is broken off.
struct Character {
  std::size_t bytes;
  bool whole;
};

Character first_character(std::string_view words) {
  const auto byte = [words](std::size_t i) { return static_cast<unsigned char>(words[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {1, true};
  if (lead < 0xC2 || lead > 0xF4) return {1, false};
  const std::size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte's bounds leave out what fewer bytes could say, surrogates, and what is beyond U+10FFFF.
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80, high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < bytes; ++i) {
    if (i == words.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {bytes, true};
}

void append_escaped(std::string& out, char letter) {
  constexpr std::string_view kNamed = "\"\\\b\f\n\r\t", kNames = "\"\\bfnrt";
  if (const std::size_t at = kNamed.find(letter); at != kNamed.npos) {
    out += '\\';
    out += kNames[at];
  } else if (static_cast<unsigned char>(letter) < 0x20) {
    constexpr char kHex[] = "0123456789abcdef";
    out += letter < 0x10 ? "\\u000" : "\\u001";
    out += kHex[letter % 16];
  } else {
    out += letter;
  }
}

// The text in quotes; U+FFFD where it is not UTF-8.
std::string quoted(std::string_view words) {
  std::string out = "\"";
  while (!words.empty()) {
    const Character first = first_character(words);
    if (!first.whole) {
      out += "\xEF\xBF\xBD";
    } else if (first.bytes == 1) {
      append_escaped(out, words[0]);
    } else {
      out += words.substr(0, first.bytes);
    }
    words.remove_prefix(first.bytes);
  }
  return out += '"';
}

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
  if (words.size() <= kMost) return quoted(words);
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0) == 0x80) --end;  // not inside a character
  std::string shortened = quoted(words.substr(0, end));
  return shortened.insert(shortened.size() - 1, "...");
}

std::string json_string(std::string_view words) {
  if (!is_utf8(words)) throw std::invalid_argument("the text " + json_quote(words) + " is not UTF-8");
  return quoted(words);
}

bool is_utf8(std::string_view words) {
  while (!words.empty()) {
    const Character first = first_character(words);
    if (!first.whole) return false;
    words.remove_prefix(first.bytes);
  }
  return true;
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
