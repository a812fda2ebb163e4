// Feeds gzip streams to read_idx(): the two magic bytes and arbitrary bytes; a valid header, arbitrary deflate data and a valid trailer;
// and valid streams with a few bytes changed. If zlib decompresses the data, the result must equal that of a plain file with the same
// bytes. A damaged stream must not be read as different data.
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>

#include "nn/data/idx.h"
#include "tests/fuzz/read_bytes.h"
#include "tests/nn/data/idx_files.h"

namespace {

using chainrule::nn::IdxArray;
using chainrule::test::Bytes;
using chainrule::test::require;
using chainrule::test::operator+;

constexpr std::size_t kMost = std::size_t{1} << 20;

std::optional<IdxArray> read(std::span<const std::uint8_t> bytes) {
  return chainrule::test::read_bytes(bytes, [](const std::string& path) { return chainrule::nn::read_idx(path, {.max_bytes = kMost}); });
}

bool same(const std::optional<IdxArray>& a, const std::optional<IdxArray>& b) {
  if (a.has_value() != b.has_value()) return false;
  return !a || (a->shape == b->shape && a->bytes == b->bytes);
}

void append_word(Bytes& bytes, std::uint64_t word) {
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
}

/// The decompressed data and the number of bytes read; nullopt if the data are damaged, truncated or too large.
std::optional<Bytes> inflated(std::span<const std::uint8_t> bytes, std::size_t& used) {
  z_stream stream = {};
  require(inflateInit2(&stream, -MAX_WBITS) == Z_OK);
  Bytes out(4096);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  int status = Z_OK;
  while (status == Z_OK && out.size() <= kMost) {
    if (stream.total_out == out.size()) out.resize(2 * out.size());
    stream.next_out = out.data() + stream.total_out;
    stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
    status = inflate(&stream, Z_NO_FLUSH);
  }
  used = stream.total_in;
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (status != Z_STREAM_END) return std::nullopt;
  return out;
}

void deflate_data(std::span<const std::uint8_t> bytes) {
  Bytes file = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
  std::size_t used = 0;
  const std::optional<Bytes> content = inflated(bytes, used);
  file.insert(file.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(content ? used : bytes.size()));
  if (!content) return require(!read(file));
  append_word(file, crc32(0, content->data(), static_cast<uInt>(content->size())));
  append_word(file, content->size());
  // Only a plain file may be gzip, and is said not to be IDX when a gzip stream holds it.
  if (content->size() >= 2 && (*content)[0] == 0x1f && (*content)[1] == 0x8b) {
    require(!read(file));
  } else {
    require(same(read(file), read(*content)));
  }
}

/// The first byte is the compression level. Up to 4 groups of three bytes are a position and a change each. The rest is the content.
void changed_stream(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 14) return;
  const auto head = bytes.first(13);
  const Bytes content(bytes.begin() + 13, bytes.end());
  const Bytes good = chainrule::test::gzipped(content, head[0] % 10);
  const std::optional<IdxArray> array = read(good);
  if (content.size() >= 2 && content[0] == 0x1f && content[1] == 0x8b) {
    require(!array);
  } else {
    require(same(array, read(content)));
  }
  Bytes bad = good;
  for (std::size_t i = 0; i < head[0] / 10 % 5; ++i) {
    const std::size_t place = head[1 + 3 * i] | static_cast<std::size_t>(head[2 + 3 * i]) << 8;
    bad[place % bad.size()] = static_cast<std::uint8_t>(bad[place % bad.size()] ^ head[3 + 3 * i]);
  }
  if (bad[0] != 0x1f || bad[1] != 0x8b) return;  // a plain file
  const std::optional<IdxArray> other = read(bad);
  if (other) require(same(array, other));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  const bool whole = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
  read(whole ? Bytes(data, data + size) : Bytes{0x1f, 0x8b} + Bytes(data, data + size));
  deflate_data(whole && size >= 10 ? bytes.subspan(10) : bytes);
  changed_stream(bytes);
  return 0;
}
