// Feeds arbitrary bytes to read_idx(), as a plain file and compressed by gzip, and requires equal outcomes.
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string>

#include "nn/data/idx.h"
#include "tests/fuzz/read_bytes.h"
#include "tests/nn/data/idx_files.h"

namespace {

using chainrule::nn::IdxArray;
using chainrule::test::require;

std::optional<IdxArray> read(std::span<const std::uint8_t> bytes) {
  std::optional<IdxArray> array =
      chainrule::test::read_bytes(bytes, [](const std::string& path) { return chainrule::nn::read_idx(path, {.max_bytes = 1 << 20}); });
  if (array) {
    const std::int64_t product = std::accumulate(array->shape.begin(), array->shape.end(), std::int64_t{1}, std::multiplies<>());
    require(!array->shape.empty() && array->bytes.size() == static_cast<std::size_t>(product));
  }
  return array;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  const std::optional<IdxArray> array = read(bytes);
  if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) return 0;  // gzip in gzip is not IDX, whatever the inner file is
  const auto half = bytes.begin() + static_cast<std::ptrdiff_t>(size / 2);
  using chainrule::test::operator+;
  const std::optional<IdxArray> inflated =
      read(chainrule::test::gzipped({bytes.begin(), half}, 0) + chainrule::test::gzipped({half, bytes.end()}, 1));
  require(array.has_value() == inflated.has_value());
  if (array) require(array->shape == inflated->shape && array->bytes == inflated->bytes);
  return 0;
}
