// Feeds arbitrary bytes to read_idx(), as a plain file and inside gzip, and requires both to end alike. To build, then run:
// clang++-19 -std=c++20 -I. -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all tests/fuzz/idx_fuzz.cpp
//   nn/data/{idx,gzip,input_file}.cpp -lz -o idx_fuzz && ./idx_fuzz -max_len=4096 -max_total_time=300
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

#include "nn/data/idx.h"
#include "tests/nn/idx_files.h"

namespace {

using chainrule::nn::IdxArray;

void require(bool holds) {
  if (!holds) std::abort();
}

/// The array in a file of these bytes, or nothing when a runtime_error names the file; whatever else happens is a finding.
std::optional<IdxArray> read_bytes(std::span<const std::uint8_t> bytes) {
  const int fd = ::memfd_create("idx_fuzz", MFD_CLOEXEC);
  require(fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const std::string name = "/proc/self/fd/" + std::to_string(fd);
  std::optional<IdxArray> array;
  try {
    array = chainrule::nn::read_idx(name, {.max_bytes = 1 << 20});
    const std::int64_t product = std::accumulate(array->shape.begin(), array->shape.end(), std::int64_t{1}, std::multiplies<>());
    require(!array->shape.empty() && array->bytes.size() == static_cast<std::size_t>(product));
  } catch (const std::runtime_error& error) {
    require(std::string(error.what()).rfind(name + ": ", 0) == 0);
  }
  ::close(fd);
  return array;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  const std::optional<IdxArray> array = read_bytes(bytes);
  if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) return 0;  // gzip in gzip is not IDX, whatever the inner file is
  const auto half = bytes.begin() + static_cast<std::ptrdiff_t>(size / 2);
  using chainrule::test::operator+;
  const std::optional<IdxArray> inflated =
      read_bytes(chainrule::test::gzipped({bytes.begin(), half}, 0) + chainrule::test::gzipped({half, bytes.end()}, 1));
  require(array.has_value() == inflated.has_value());
  if (array) require(array->shape == inflated->shape && array->bytes == inflated->bytes);
  return 0;
}
