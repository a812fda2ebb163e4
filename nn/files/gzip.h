// Inflates a gzip file piece by piece, never more than the caller has room for.
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

/// Deflate spends at least 2 bits on a copy of at most 258 bytes, so no stream expands further than this.
inline constexpr std::uint64_t kMaxInflation = 1032;

/// True when the file begins with the two bytes of every gzip stream, 1f 8b.
bool is_gzip(const InputFile& file);

/// Inflates a gzip file piece by piece.
class GzipReader {
 public:
  /// Reads `file`, which must outlive the reader.
  explicit GzipReader(const InputFile& file);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Fills `out`; fewer bytes come back only at the end, by when every checksum has been verified. Concatenated gzip members read as
  /// one. @throws runtime_error when the stream is damaged, ends early, or is followed by anything but another member.
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
  std::uint64_t inflated_ = 0;  // bytes given out
  bool ended_ = false;
};

}  // namespace chainrule::nn
