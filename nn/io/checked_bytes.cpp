#include "nn/io/checked_bytes.h"

#include <span>
#include <string>
#include <string_view>

namespace chainrule::nn {

CheckedBytes::CheckedBytes(const InputFile& file, std::size_t max_token_bytes)
    : file_(file), max_token_bytes_(max_token_bytes), buffer_(65'536) {}

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
  } else if (std::string_view(" \t\r\n,:[]{}").find(byte) != std::string_view::npos) {
    token_bytes_ = 0;
    return;
  } else if (byte == '"') {
    in_string_ = true;
  }
  if (++token_bytes_ > max_token_bytes_)
    file_.fail_at(checked_ - token_bytes_, "a name, string or number of more than " + std::to_string(max_token_bytes_) + " bytes");
}

}  // namespace chainrule::nn
