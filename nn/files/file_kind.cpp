#include "nn/files/file_kind.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "nn/files/ascii.h"

namespace chainrule::nn {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  std::string_view bytes;
  FileKind kind;
};

constexpr Signature kSignatures[] = {
    {"version https://git-lfs"sv, FileKind::lfs_pointer},
    {"\x93NUMPY"sv, FileKind::npy},
    {"\x1f\x8b"sv, FileKind::gzip},
    {"\xfd"
     "7zXZ\0"sv,
     FileKind::compressed},
    {"\x28\xb5\x2f\xfd"sv, FileKind::compressed},
    {"PK\x03\x04"sv, FileKind::zip},
    {"\x89HDF\r\n"sv, FileKind::hdf5},
    {"PAR1"sv, FileKind::parquet},
    {"<!doctype html"sv, FileKind::web_page},
    {"<html"sv, FileKind::web_page},
    {"\xff\xfe"sv, FileKind::utf16},
    {"\xfe\xff"sv, FileKind::utf16},
};

struct Description {
  FileKind kind;
  std::string_view what, advice;
};

constexpr Description kDescriptions[] = {
    {FileKind::safetensors, "a safetensors file, which holds weights without their model",
     "make the model as it was made before, and call nn::load() with it"},
    {FileKind::model, "a model written by nn::save_model()", "read it with nn::load_model()"},
    {FileKind::npy, "a NumPy array", "read it with nn::read_npy()"},
    {FileKind::gzip, "compressed with gzip", "decompress it first, for example with gunzip"},
    {FileKind::compressed, "compressed", "decompress it first, for example with unxz or unzstd"},
    {FileKind::zip, "a zip archive, such as an .npz file of NumPy or a .pt file of PyTorch",
     "save its arrays one by one, with numpy.save() or safetensors"},
    {FileKind::lfs_pointer, "a Git LFS pointer to a file that was not downloaded", "run git lfs pull"},
    {FileKind::pickle, "a Python pickle", "save its arrays one by one, with numpy.save() or safetensors"},
    {FileKind::hdf5, "an HDF5 file, such as an .h5 file of Keras", "save its arrays one by one, with numpy.save() or safetensors"},
    {FileKind::parquet, "a Parquet file", "save it as CSV"},
    {FileKind::web_page, "a web page", "was it downloaded from the right address?"},
    {FileKind::utf16, "text in UTF-16", "save it as UTF-8"},
};

FileKind kind_of(const InputFile& file) {
  constexpr std::size_t kSizeBytes = 8;
  std::array<std::uint8_t, 256> bytes = {};
  const std::span<const std::uint8_t> start = std::span(bytes).first(file.read_at(0, bytes));
  // The size of its header comes first and may look like another format.
  if (start.size() > kSizeBytes && start[kSizeBytes] == '{') {
    std::uint64_t size = 0;
    for (std::size_t i = kSizeBytes; i-- > 0;) size = size << 8 | start[i];
    if (size <= file.size() - kSizeBytes) return FileKind::safetensors;
  }
  std::string words(start.begin(), start.end());
  for (const Signature& signature : kSignatures) {
    const std::string_view begin = std::string_view(words).substr(0, signature.bytes.size());
    if (std::ranges::equal(begin, signature.bytes, [](char a, char b) { return a == b || to_lower(a) == b; })) return signature.kind;
  }
  if (words.size() > 1 && words[0] == '\x80' && words[1] >= 2 && words[1] <= 5) return FileKind::pickle;
  std::erase_if(words, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  return words.starts_with("{\"format\":\"chainrule.model\"") ? FileKind::model : FileKind::unknown;
}

}  // namespace

void refuse_other_kind(const InputFile& file, FileKind own, const char* expected) {
  const FileKind kind = kind_of(file);
  if (kind == own) return;
  for (const Description& description : kDescriptions) {
    if (description.kind == kind)
      file.fail("is " + std::string(description.what) + ", expected " + expected + ": " + std::string(description.advice));
  }
}

}  // namespace chainrule::nn
