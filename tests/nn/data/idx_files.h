// Writes valid and invalid IDX files.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace chainrule::test {

using Bytes = std::vector<std::uint8_t>;

inline void write_file(const std::filesystem::path& path, const Bytes& bytes) {
  std::filesystem::remove(path);  // some filesystems flush to disk, slowly, what replaces a file's content
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path.string());
}

/// The header of an IDX file whose element type is `type`.
inline Bytes idx_header(const std::vector<std::uint32_t>& shape, std::uint8_t type = 0x08) {
  Bytes bytes = {0, 0, type, static_cast<std::uint8_t>(shape.size())};
  for (const std::uint32_t size : shape) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  }
  return bytes;
}

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

inline Bytes idx_bytes(const std::vector<std::uint32_t>& shape, const Bytes& data) { return idx_header(shape) + data; }

/// `data` compressed by deflate; `window_bits` as in zlib: 31 for gzip, -15 for a bare stream. `flush` is Z_FINISH or Z_FULL_FLUSH.
inline Bytes deflated(const Bytes& data, int window_bits, int flush, int level = 6) {
  z_stream stream = {};
  if (deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::runtime_error("deflateInit2 failed");
  Bytes out(deflateBound(&stream, static_cast<uLong>(data.size())) + 64);
  stream.next_in = const_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, flush);
  out.erase(out.end() - static_cast<std::ptrdiff_t>(stream.avail_out), out.end());
  deflateEnd(&stream);
  if (status != (flush == Z_FINISH ? Z_STREAM_END : Z_OK)) throw std::runtime_error("deflate failed");
  return out;
}

/// One gzip member.
inline Bytes gzipped(const Bytes& data, int level = 6) { return deflated(data, 31, Z_FINISH, level); }

/// One gzip member of `start` and then `mebibytes` MiB of zeros, made without holding them: a bomb of about a thousandth of that size.
inline Bytes gzip_bomb(const Bytes& start, std::size_t mebibytes) {
  const Bytes zeros(std::size_t{1} << 20);
  const Bytes block = deflated(zeros, -15, Z_FULL_FLUSH, 9);
  const uLong zeros_crc = crc32(0, zeros.data(), static_cast<uInt>(zeros.size()));
  uLong crc = crc32(0, start.data(), static_cast<uInt>(start.size()));
  Bytes out = Bytes{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3} + deflated(start, -15, Z_FULL_FLUSH);
  for (std::size_t i = 0; i < mebibytes; ++i) {
    out.insert(out.end(), block.begin(), block.end());
    crc = crc32_combine(crc, zeros_crc, static_cast<z_off_t>(zeros.size()));
  }
  out = std::move(out) + deflated({}, -15, Z_FINISH);
  const std::uint64_t size = start.size() + mebibytes * zeros.size();
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(crc >> shift));
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(size >> shift));
  return out;
}

/// How write_mnist() spells the names of its files.
struct MnistSpelling {
  char separator = '-';  ///< '-' or '.'
  bool gzip = false;
};

/// The path of one file in `directory`: stem "train-images" or such, rank 3 for images and 1 for labels.
inline std::filesystem::path mnist_path(const std::filesystem::path& directory, const std::string& stem, int rank,
                                        const MnistSpelling& spelling = {}) {
  return directory / (stem + spelling.separator + "idx" + std::to_string(rank) + "-ubyte" + (spelling.gzip ? ".gz" : ""));
}

struct MnistSet {
  Bytes train_images, train_labels, test_images, test_labels;  ///< whole IDX files
};

/// Images of `side` x `side` and their labels, 0 to `classes` - 1: noise of 0 to 63, and a block of 192 to 255 that each class has in a
/// place of its own, so a linear model tells the classes apart. `classes` is at most 16, `side` at least 4.
inline void make_separable(std::uint32_t count, std::uint32_t classes, std::uint32_t side, std::uint32_t seed, Bytes& images,
                           Bytes& labels) {
  constexpr std::uint32_t kBlocksPerSide = 4;
  std::mt19937 random(seed);
  images = idx_header({count, side, side});
  labels = idx_header({count});
  const std::uint32_t block = side / kBlocksPerSide;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t label = static_cast<std::uint32_t>(random()) % classes;
    labels.push_back(static_cast<std::uint8_t>(label));
    for (std::uint32_t row = 0; row < side; ++row) {
      for (std::uint32_t column = 0; column < side; ++column) {
        const bool bright = row / block == label / kBlocksPerSide && column / block == label % kBlocksPerSide;
        images.push_back(static_cast<std::uint8_t>(random() % 64 + (bright ? 192 : 0)));
      }
    }
  }
}

/// A small dataset in MNIST's form, the same for the same arguments.
inline MnistSet separable_set(std::uint32_t train, std::uint32_t test, std::uint32_t classes = 10, std::uint32_t side = 28,
                              std::uint32_t seed = 1) {
  MnistSet set;
  make_separable(train, classes, side, seed, set.train_images, set.train_labels);
  make_separable(test, classes, side, seed + 1, set.test_images, set.test_labels);
  return set;
}

inline void write_mnist(const std::filesystem::path& directory, const MnistSet& set, const MnistSpelling& spelling = {}) {
  const auto write = [&](const std::string& stem, int rank, const Bytes& bytes) {
    write_file(mnist_path(directory, stem, rank, spelling), spelling.gzip ? gzipped(bytes) : bytes);
  };
  write("train-images", 3, set.train_images);
  write("train-labels", 1, set.train_labels);
  write("t10k-images", 3, set.test_images);
  write("t10k-labels", 1, set.test_labels);
}

}  // namespace chainrule::test
