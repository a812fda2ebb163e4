// CheckedBytes: a stream of a JSON file's bytes that refuses input that the JSON parser handles badly.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <streambuf>
#include <vector>

#include "nn/files/input_file.h"

namespace chainrule::nn {

/// Throws for zero bytes, which the parser would take for the end of the file. Also throws for names, strings and numbers that are longer
/// than max_token_bytes, and for more than max_gap_bytes bytes between two of them, because the parser would hold them in memory.
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
  std::uint64_t next_ = 0;     // position in the file of the end of the buffer
  std::uint64_t checked_ = 0;  // number of bytes checked
  std::size_t token_bytes_ = 0, gap_bytes_ = 0;
  bool in_string_ = false, is_escaped_ = false;
};

}  // namespace chainrule::nn
