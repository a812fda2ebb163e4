#include "nn/files/checked_bytes.h"

#include <span>
#include <string>

namespace chainrule::nn {

CheckedBytes::CheckedBytes(const InputFile& file, std::size_t max_token_bytes, std::size_t max_gap_bytes)
    : file_(file), max_token_bytes_(max_token_bytes), max_gap_bytes_(max_gap_bytes), buffer_(65'536) {}

CheckedBytes::int_type CheckedBytes::underflow() {
  const std::size_t count = file_.read_at(next_, std::span(reinterpret_cast<std::uint8_t*>(buffer_.data()), buffer_.size()));
  if (count == 0) return traits_type::eof();
  next_ += count;
  for (std::size_t i = 0; i < count; ++i) check(buffer_[i]);
  setg(buffer_.data(), buffer_.data(), buffer_.data() + count);
  return traits_type::to_int_type(buffer_[0]);
}

void CheckedBytes::check(char byte) {
  if (byte == '\0') file_.fail_at(checked_, "a zero byte, expected JSON");
  ++checked_;
  if (in_string_) {
    in_string_ = byte != '"' || is_escaped_;
    is_escaped_ = byte == '\\' && !is_escaped_;
  } else {
    switch (byte) {
      case ' ':
      case '\t':
      case '\r':
      case '\n':
      case ',':
      case ':':
      case '[':
      case ']':
      case '{':
      case '}':
        token_bytes_ = 0;
        if (++gap_bytes_ > max_gap_bytes_)
          file_.fail_at(checked_ - gap_bytes_, "more than " + std::to_string(max_gap_bytes_) + " bytes without a name, string or number");
        return;
      case '"':
        in_string_ = true;
        break;
      default:
        break;
    }
    if (byte == '"' || byte == '-' || (byte >= '0' && byte <= '9')) {
      gap_bytes_ = 0;
    } else {
      ++gap_bytes_;
    }
  }
  if (++token_bytes_ > max_token_bytes_)
    file_.fail_at(checked_ - token_bytes_, "a name, string or number of more than " + std::to_string(max_token_bytes_) + " bytes");
}

}  // namespace chainrule::nn
