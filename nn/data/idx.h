// Reads IDX files, the format in which MNIST is published: a header of big-endian sizes, then the elements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// The contents of an IDX file.
struct IdxArray {
  std::vector<std::int64_t> shape;  ///< each size is at least 1
  std::vector<std::uint8_t> bytes;  ///< the elements in row-major order; their number is the product of `shape`
};

/// What read_idx() accepts.
struct IdxLimits {
  /// In `shape`, stands for a dimension of any size.
  static constexpr std::int64_t kAnySize = -1;

  /// The shape that the file must have, with kAnySize for dimensions of any size; empty: any rank and any sizes.
  std::vector<std::int64_t> shape = {};
  /// The largest number of element bytes that the file may declare; 4 GiB by default.
  std::uint64_t max_bytes = std::uint64_t{1} << 32;
  /// What the first dimension counts, for error messages: "images", "labels".
  std::string items = "items";
};

/// Returns the uint8 array in the IDX file `path`. The file may be compressed with gzip, which is recognized by its first two bytes.
///
/// The file is not trusted: sizes are checked before memory is allocated. Memory for a compressed file grows with the data that are
/// inflated, and inflation stops one byte after the declared size.
/// @throws std::runtime_error `PATH: byte N: what was found and expected` if anything is wrong with the file. N counts bytes of the
/// inflated data; "compressed byte N" counts bytes of the file itself.
/// @throws std::invalid_argument if a size in `limits.shape` is neither positive nor kAnySize.
IdxArray read_idx(const std::string& path, const IdxLimits& limits = {});

}  // namespace chainrule::nn
#pragma GCC visibility pop
