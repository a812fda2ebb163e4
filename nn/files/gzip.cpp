// Inflates with zlib, which checks the CRC and the length of each gzip member.
#include "nn/files/gzip.h"

#include <algorithm>
#include <limits>
#include <new>
#include <stdexcept>

namespace chainrule::nn {
namespace {

bool begins_member(std::span<const std::uint8_t> bytes) { return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

}  // namespace

bool is_gzip(const InputFile& file) {
  std::array<std::uint8_t, 2> start = {};
  return begins_member(std::span(start).first(file.read_at(0, start)));
}

GzipReader::GzipReader(const InputFile& file) : file_(file) {
  constexpr int kGzipOnly = 16;  // tells zlib to accept the gzip format only
  const int status = inflateInit2(&stream_, MAX_WBITS + kGzipOnly);
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  if (status != Z_OK) throw std::logic_error("GzipReader: zlib " ZLIB_VERSION " expected, found " + std::string(zlibVersion()));
}

GzipReader::~GzipReader() { inflateEnd(&stream_); }

std::size_t GzipReader::read(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size() && !ended_) {
    if (stream_.avail_in == 0) refill();
    const auto room = static_cast<uInt>(std::min<std::size_t>(out.size() - done, std::numeric_limits<uInt>::max()));
    stream_.next_out = out.data() + done;
    stream_.avail_out = room;
    const int status = inflate(&stream_, Z_NO_FLUSH);
    done += room - stream_.avail_out;
    inflated_ += room - stream_.avail_out;
    if (status == Z_STREAM_END) {
      next_member();
    } else if (status == Z_BUF_ERROR) {  // no input is left although there was room to write
      fail("the gzip stream ends early");
    } else if (status == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (status != Z_OK) {
      fail("damaged gzip stream: " + std::string(stream_.msg != nullptr ? stream_.msg : "unknown fault"));
    }
  }
  return done;
}

void GzipReader::refill() {
  const std::size_t got = file_.read_at(offset_, input_);
  offset_ += got;
  stream_.next_in = input_.data();
  stream_.avail_in = static_cast<uInt>(got);
}

void GzipReader::next_member() {
  std::array<std::uint8_t, 2> start = {};
  const auto found = std::span(start).first(file_.read_at(consumed(), start));
  if (found.empty()) {
    ended_ = true;
    return;
  }
  if (!begins_member(found))
    fail("found " + hex_bytes(found) + " after the gzip stream, expected the end of the file or another gzip stream (1f 8b)");
  if (inflateReset(&stream_) != Z_OK) throw std::logic_error("GzipReader: zlib's stream is inconsistent");
}

void GzipReader::fail(const std::string& what) const {
  file_.fail("compressed byte " + std::to_string(consumed()) + ": " + what + ", with " + std::to_string(inflated_) + " bytes inflated");
}

}  // namespace chainrule::nn
