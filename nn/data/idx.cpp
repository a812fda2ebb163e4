// The IDX format, as described at http://yann.lecun.com/exdb/mnist: bytes 0 and 1 are zero, byte 2 is the element type, byte 3 is the rank;
// then one big-endian uint32 for each dimension; then the elements.
#include "nn/data/idx.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "nn/files/file_kind.h"
#include "nn/files/gzip.h"
#include "nn/files/input_file.h"

namespace chainrule::nn {
namespace {

constexpr std::uint64_t kMagicBytes = 4;
constexpr std::uint64_t kSizeBytes = 4;
constexpr std::uint8_t kUint8 = 0x08;

/// The content of a file from its beginning, inflated if it is compressed.
class IdxContent {
 public:
  explicit IdxContent(const InputFile& file) : file_(file) {
    if (is_gzip(file)) inflater_.emplace(file);
  }

  bool compressed() const { return inflater_.has_value(); }

  std::size_t read(std::span<std::uint8_t> out) {
    if (inflater_) return inflater_->read(out);
    const std::size_t got = file_.read_at(offset_, out);
    offset_ += got;
    return got;
  }

 private:
  const InputFile& file_;
  std::optional<GzipReader> inflater_;
  std::uint64_t offset_ = 0;
};

struct IdxHeader {
  std::vector<std::int64_t> shape;
  std::uint64_t bytes = 0;       // of the header
  std::uint64_t data_bytes = 0;  // of the elements that the header declares
};

std::string type_name(std::uint8_t type) {
  switch (type) {
    case 0x09:
      return "int8";
    case 0x0b:
      return "int16";
    case 0x0c:
      return "int32";
    case 0x0d:
      return "float";
    case 0x0e:
      return "double";
    default:
      return "unknown";
  }
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text;
  for (const std::int64_t size : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(size);
  }
  return text;
}

void check_limits(const IdxLimits& limits) {
  for (const std::int64_t size : limits.shape) {
    if (size < 1 && size != IdxLimits::kAnySize) {
      throw std::invalid_argument("read_idx: limits.shape holds " + std::to_string(size) + ", expected at least 1, or kAnySize (-1)");
    }
  }
}

void check_name(const InputFile& file, const std::string& path) {
  if (std::filesystem::path(path).extension() != ".gz" || is_gzip(file)) return;
  std::array<std::uint8_t, 2> start = {};
  const auto found = std::span(start).first(file.read_at(0, start));
  file.fail_at(0, "found " + hex_bytes(found) + ", expected 1f 8b (gzip) because its name ends in .gz");
}

std::size_t read_rank(const InputFile& file, const IdxLimits& limits, IdxContent& content) {
  std::array<std::uint8_t, kMagicBytes> magic = {};
  const std::size_t got = content.read(magic);
  if (got == 0) file.fail_at(0, "empty, expected an IDX header");
  if (got < magic.size()) file.fail_at(got, "ends inside the IDX header, expected 4 bytes and 4 more for each dimension");
  if (magic[0] != 0 || magic[1] != 0) {
    refuse_other_kind(file, FileKind::gzip, "an IDX file, plain or compressed with gzip");
    file.fail_at(0, "found " + hex_bytes(std::span(magic).first(2)) + ", expected 00 00, the start of an IDX file");
  }
  if (magic[2] != kUint8) {
    file.fail_at(
        2, "found element type 0x" + hex_bytes(std::span(magic).subspan(2, 1)) + " (" + type_name(magic[2]) + "), expected 0x08 (uint8)");
  }
  const std::size_t rank = magic[3];
  if (rank == 0) file.fail_at(3, "found rank 0, expected at least one dimension");
  if (!limits.shape.empty() && rank != limits.shape.size()) {
    file.fail_at(3, "found rank " + std::to_string(rank) + ", expected " + std::to_string(limits.shape.size()));
  }
  return rank;
}

IdxHeader read_header(const InputFile& file, const IdxLimits& limits, IdxContent& content) {
  const std::size_t rank = read_rank(file, limits, content);
  IdxHeader header;
  header.bytes = kMagicBytes + kSizeBytes * rank;
  std::vector<std::uint8_t> sizes(kSizeBytes * rank);
  const std::size_t got = content.read(sizes);
  if (got < sizes.size()) {
    file.fail_at(kMagicBytes + got, "ends inside the IDX header, expected " + std::to_string(header.bytes) + " bytes of it");
  }
  for (std::size_t d = 0; d < rank; ++d) {
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < kSizeBytes; ++i) size = size << 8 | sizes[kSizeBytes * d + i];
    const std::uint64_t where = kMagicBytes + kSizeBytes * d;
    const std::string dimension = "dimension " + std::to_string(d) + " is " + std::to_string(size);
    if (size == 0) file.fail_at(where, dimension + ", expected at least 1");
    if (!limits.shape.empty() && limits.shape[d] != IdxLimits::kAnySize && limits.shape[d] != std::int64_t{size}) {
      file.fail_at(where, dimension + ", expected " + std::to_string(limits.shape[d]));
    }
    header.shape.push_back(size);
  }
  // A vector holds no more than PTRDIFF_MAX bytes; dividing keeps the product from overflowing.
  const std::uint64_t most = std::min<std::uint64_t>(limits.max_bytes, std::numeric_limits<std::ptrdiff_t>::max());
  header.data_bytes = 1;
  for (const std::int64_t size : header.shape) {
    if (header.data_bytes > most / static_cast<std::uint64_t>(size)) {
      file.fail_at(kMagicBytes, "declares " + shape_text(header.shape) + " bytes, expected at most " + std::to_string(most));
    }
    header.data_bytes *= static_cast<std::uint64_t>(size);
  }
  return header;
}

/// "declares 10000 labels", or "declares 60000 images of 28x28 (47040000 bytes)".
std::string declared(const IdxHeader& header, const IdxLimits& limits) {
  const std::string text = "declares " + std::to_string(header.shape[0]) + " " + limits.items;
  if (header.shape.size() == 1) return text;
  return text + " of " + shape_text(std::span(header.shape).subspan(1)) + " (" + std::to_string(header.data_bytes) + " bytes)";
}

[[noreturn]] void fail_held(const InputFile& file, const IdxHeader& header, const IdxLimits& limits, const std::string& held) {
  file.fail_at(kMagicBytes, declared(header, limits) + ", but the file holds " + held);
}

std::vector<std::uint8_t> read_data(const InputFile& file, const IdxLimits& limits, const IdxHeader& header, IdxContent& content) {
  const std::string unit = header.shape.size() == 1 ? "" : " bytes";
  std::uint64_t first = header.data_bytes;
  if (content.compressed()) {
    if ((header.data_bytes + header.bytes) / kMaxInflation > file.size()) {
      file.fail_at(kMagicBytes, declared(header, limits) + ", but " + std::to_string(file.size()) +
                                    " compressed bytes cannot hold more than " + std::to_string(file.size() * kMaxInflation) + " bytes");
    }
    first = std::min(first, std::max<std::uint64_t>(file.size(), std::uint64_t{1} << 16));
  } else if (file.size() - header.bytes != header.data_bytes) {
    fail_held(file, header, limits, std::to_string(file.size() - header.bytes) + unit);
  }
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < header.data_bytes) {
    const std::size_t have = bytes.size();
    const auto target = static_cast<std::size_t>(std::min(header.data_bytes, have == 0 ? first : std::uint64_t{2} * have));
    bytes.reserve(target);  // exactly this much; resize() alone could allocate twice the final size
    bytes.resize(target);
    const std::size_t got = content.read(std::span(bytes).subspan(have));
    if (have + got < target) fail_held(file, header, limits, std::to_string(have + got) + unit);
  }
  std::array<std::uint8_t, 1> extra = {};
  if (content.read(extra) != 0) fail_held(file, header, limits, "more");
  return bytes;
}

}  // namespace

IdxArray read_idx(const std::string& path, const IdxLimits& limits) {
  check_limits(limits);
  const InputFile file(path);
  return file.within_memory([&]() -> IdxArray {
    if (file.size() == 0) file.fail_at(0, "empty, expected an IDX header");
    check_name(file, path);
    IdxContent content(file);
    IdxHeader header = read_header(file, limits, content);
    std::vector<std::uint8_t> bytes = read_data(file, limits, header, content);
    return {std::move(header.shape), std::move(bytes)};
  });
}

}  // namespace chainrule::nn
