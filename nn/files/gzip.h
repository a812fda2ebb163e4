// GzipReader: inflates a gzip file piece by piece.
// Internal header: not installed.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "nn/files/input_file.h"

namespace chainrule::nn {

/// The largest factor by which a stream can expand: deflate spends at least 2 bits on a copy of at most 258 bytes.
inline constexpr std::uint64_t kMaxInflation = 1032;

/// Returns true if the file begins with the bytes 1f 8b, as every gzip stream does.
bool is_gzip(const InputFile& file);

/// Inflates a gzip file piece by piece, never more than the caller asks for.
class GzipReader {
 public:
  /// Reads `file`, which must outlive the reader.
  explicit GzipReader(const InputFile& file);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Fills `out` and returns the number of bytes written. The number is smaller than out.size() only at the end of the file, after all
  /// checksums have been verified. Concatenated gzip members are read as one stream.
  /// @throws std::runtime_error if the stream is damaged, ends early, or is followed by anything but another gzip member.
  std::size_t read(std::span<std::uint8_t> out);

 private:
  void refill();
  void next_member();
  std::uint64_t consumed() const { return offset_ - stream_.avail_in; }
  [[noreturn]] void fail(const std::string& what) const;

  const InputFile& file_;
  z_stream stream_ = {};
  std::array<std::uint8_t, std::size_t{1} << 16> input_;
  std::uint64_t offset_ = 0;    // compressed bytes read from the file
  std::uint64_t inflated_ = 0;  // inflated bytes returned
  bool ended_ = false;
};

}  // namespace chainrule::nn
