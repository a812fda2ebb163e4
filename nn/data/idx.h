// Reads IDX files, the format of MNIST: a header of big-endian sizes, then the elements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chainrule::nn {

/// What an IDX file holds.
struct IdxArray {
  std::vector<std::int64_t> shape;  ///< each size at least 1
  std::vector<std::uint8_t> bytes;  ///< row-major, as many as the product of `shape`
};

/// What an IDX file is expected to hold.
struct IdxLimits {
  /// In place of a size that may be any.
  static constexpr std::int64_t kAnySize = -1;

  /// The shape the file must have, kAnySize where a size is open; empty: any rank and sizes.
  std::vector<std::int64_t> shape = {};
  /// The most element bytes a file may declare.
  std::uint64_t max_bytes = std::uint64_t{1} << 32;
  /// What the first dimension counts, for messages: "images", "labels".
  std::string items = "items";
};

/// The uint8 array in the IDX file `path`, plain or gzip as its first two bytes say.
///
/// The file is not trusted: sizes are checked before memory is taken, and a compressed file is inflated no further than one byte past
/// the size it declares, with memory growing as data arrives.
/// @throws runtime_error `PATH: byte N: what was found and expected` for anything wrong with the file; N counts in the inflated data, and
/// "compressed byte N" in the file itself.
/// @throws invalid_argument for a size in `limits.shape` that is neither positive nor kAnySize.
IdxArray read_idx(const std::string& path, const IdxLimits& limits = {});

}  // namespace chainrule::nn
