// Feeds arbitrary bytes to read_npy(): as a whole file, and as header and data after a valid magic string and header size. An array that is
// read must be equal after it is written and read again.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "nn/data/npy.h"
#include "tests/fuzz/read_bytes.h"

namespace {

using chainrule::DType;
using chainrule::Tensor;
using chainrule::test::require;

std::span<const std::uint8_t> elements_of(const Tensor& tensor) {
  const auto view = [](auto values) { return std::span(reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()); };
  if (tensor.dtype() == DType::float32) return view(tensor.data<float>());
  return tensor.dtype() == DType::float64 ? view(tensor.data<double>()) : view(tensor.data<std::int64_t>());
}

void check(std::span<const std::uint8_t> bytes) {
  const std::optional<Tensor> tensor =
      chainrule::test::read_bytes(bytes, [](const std::string& path) { return chainrule::nn::read_npy(path); });
  if (!tensor) return;
  require(tensor->defined() && tensor->numel() <= static_cast<std::int64_t>(bytes.size()));
  const chainrule::test::Copy copy;
  chainrule::nn::write_npy(copy.path, *tensor);
  const Tensor again = chainrule::nn::read_npy(copy.path);
  require(again.shape() == tensor->shape() && again.dtype() == tensor->dtype());
  require(std::ranges::equal(elements_of(again), elements_of(*tensor)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size});
  if (size == 0) return 0;
  // The header is all up to the last '}', the rest is the array's data; the first byte chooses the version.
  const auto* end = data + size;
  while (end != data + 1 && end[-1] != '}') --end;
  const auto header_bytes = static_cast<std::uint32_t>(end - (data + 1));
  const char version = static_cast<char>(1 + data[0] % 3);
  std::string whole = "\x93NUMPY";
  whole += {version, '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) whole += static_cast<char>(header_bytes >> 8 * i);
  whole.append(reinterpret_cast<const char*>(data + 1), size - 1);
  check(chainrule::test::bytes_of(whole));
  return 0;
}
