// Reads and writes safetensors files, which hold named Tensors and can be exchanged with the Python package safetensors.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// The contents of a safetensors file.
struct SafetensorsFile {
  /// The Tensors with their names, in the order of the file's header.
  std::vector<NamedTensor> tensors;
  /// Free-form strings by key, stored under `__metadata__` in the file.
  std::map<std::string, std::string> metadata = {};
};

/// Writes Tensors with their names: float32 as F32, float64 as F64 and int64 as I64. The file is replaced atomically; see
/// write_whole_file().
/// @throws std::invalid_argument if a name occurs twice or is `__metadata__`, if a name, a metadata key or a metadata value is not valid
/// UTF-8, if a Tensor is undefined, or if the header would exceed 100,000,000 bytes.
/// @throws std::runtime_error `PATH: what went wrong` if the file cannot be written.
void save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {}, SourceLine line = SourceLine::current());

/// Returns the Tensors and the metadata of a file. F32, F16 and BF16 become float32; F64 becomes float64; I64, I32, I16, I8, U32, U16, U8
/// and BOOL become int64. All conversions are exact.
///
/// The file is not trusted: the whole header is checked against the format and the size of the file before memory for a Tensor is
/// allocated. Files with content that the format does not define, such as an unknown field of a tensor or bytes that belong to no tensor,
/// are refused.
/// @throws std::runtime_error `PATH: what was found and expected`, with the name of the tensor, if anything is wrong with the file.
SafetensorsFile read_safetensors(const std::string& path, SourceLine line = SourceLine::current());

/// Returns the Tensors of a file, without the metadata; see read_safetensors().
std::vector<NamedTensor> load_safetensors(const std::string& path, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
