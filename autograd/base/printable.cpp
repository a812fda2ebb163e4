#include "autograd/base/printable.h"

#include <cstddef>

namespace chainrule::detail {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// The number of bytes of the UTF-8 character that begins at `at`; 0 if none does. Overlong forms and surrogates are no characters.
std::size_t utf8_length(std::string_view words, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < words.size() ? static_cast<unsigned char>(words[at + i]) : 0U; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
  const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80, most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (length == 0 || byte(1) < least || byte(1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  return length;
}

void append_escape(std::string& out, const char* start, unsigned byte) {
  out += start;
  out += kHexDigits[byte >> 4];
  out += kHexDigits[byte & 15];
}

}  // namespace

std::string printable(std::string_view words) {
  std::string shown;
  shown.reserve(words.size());
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t length = utf8_length(words, at);
    const auto first = static_cast<unsigned char>(words[at]);
    const auto second = length > 1 ? static_cast<unsigned char>(words[at + 1]) : 0U;
    if (first == '\n') {
      shown += "\\n";
    } else if (first == '\r') {
      shown += "\\r";
    } else if (first == '\t') {
      shown += "\\t";
    } else if (length == 0 || first < 0x20 || first == 0x7F) {
      append_escape(shown, "\\x", first);
    } else if (first == 0xC2 && second < 0xA0) {  // the control characters U+0080 to U+009F
      append_escape(shown, "\\u00", second);
    } else {
      shown += words.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  return shown;
}

}  // namespace chainrule::detail
