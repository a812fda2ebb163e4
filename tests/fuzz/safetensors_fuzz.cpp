// Feeds arbitrary bytes to read_safetensors(): as a whole file, and as a header after its valid size, so that its JSON is reached. Tensors
// that are read must be equal after they are written and read again.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/weights/safetensors.h"
#include "tests/fuzz/read_bytes.h"

namespace {

using chainrule::DType;
using chainrule::Tensor;
using chainrule::nn::SafetensorsFile;
using chainrule::test::require;

template <class T>
bool same_bytes(const Tensor& a, const Tensor& b) {
  const auto left = a.data<T>(), right = b.data<T>();
  return left.empty() || std::memcmp(left.data(), right.data(), left.size_bytes()) == 0;
}

bool same(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
  if (a.dtype() == DType::float32) return same_bytes<float>(a, b);
  return a.dtype() == DType::float64 ? same_bytes<double>(a, b) : same_bytes<std::int64_t>(a, b);
}

void check(std::span<const std::uint8_t> bytes) {
  const std::optional<SafetensorsFile> file =
      chainrule::test::read_bytes(bytes, [](const std::string& path) { return chainrule::nn::read_safetensors(path); });
  if (!file) return;
  for (const auto& entry : file->tensors)
    require(entry.tensor.defined() && entry.tensor.numel() <= static_cast<std::int64_t>(bytes.size()));
  const chainrule::test::Copy copy;
  chainrule::nn::save_safetensors(copy.path, file->tensors, file->metadata);
  const SafetensorsFile again = chainrule::nn::read_safetensors(copy.path);
  require(again.metadata == file->metadata && again.tensors.size() == file->tensors.size());
  for (std::size_t i = 0; i < again.tensors.size(); ++i) {
    require(again.tensors[i].name == file->tensors[i].name && same(again.tensors[i].tensor, file->tensors[i].tensor));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size});
  // The header is all up to the last '}', the rest is the tensors' data.
  const auto* end = data + size;
  while (end != data && end[-1] != '}') --end;
  const auto header_bytes = static_cast<std::uint64_t>(end - data);
  std::vector<std::uint8_t> whole(sizeof header_bytes);
  std::memcpy(whole.data(), &header_bytes, sizeof header_bytes);
  whole.insert(whole.end(), data, data + size);
  check(whole);
  return 0;
}
