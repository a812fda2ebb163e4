// The bytes of a JSON file as a stream that refuses what the JSON parser cannot be trusted with.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <streambuf>
#include <vector>

#include "nn/files/input_file.h"

namespace chainrule::nn {

/// Fails at zero bytes, which the parser takes for the end, and where names, strings, numbers or what stands between them are longer than
/// allowed, all of which the parser holds in memory.
class CheckedBytes : public std::streambuf {
 public:
  CheckedBytes(const InputFile& file, std::size_t max_token_bytes, std::size_t max_gap_bytes);

 protected:
  int_type underflow() override;

 private:
  void check(char byte);

  const InputFile& file_;
  std::size_t max_token_bytes_, max_gap_bytes_;
  std::vector<char> buffer_;
  std::uint64_t next_ = 0;     // where in the file the buffer ends
  std::uint64_t checked_ = 0;  // bytes that were
  std::size_t token_bytes_ = 0, gap_bytes_ = 0;
  bool in_string_ = false, is_escaped_ = false;
};

}  // namespace chainrule::nn
