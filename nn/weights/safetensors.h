// Reads and writes safetensors files: named Tensors as the Python package of that name has them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// What a safetensors file holds.
struct SafetensorsFile {
  /// With the names that the file has.
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata = {};
};

/// Writes the tensors with their names, float32 as F32, float64 as F64 and int64 as I64, in a file that is there whole or not at all.
/// @throws std::invalid_argument for a name that is given twice, reserved (`__metadata__`) or not UTF-8, and an undefined Tensor;
/// std::runtime_error `PATH: what went wrong` when the file cannot be written.
void save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {}, SourceLine line = SourceLine::current());

/// The tensors and metadata in the file `path`, the tensors in the order its header names them. F32, F16 and BF16 become float32, F64
/// float64, and I64, I32, I16, I8, U32, U16, U8 and BOOL int64, all without loss.
///
/// The file is not trusted: all of its header is checked against the format and the file's size before memory is taken for a Tensor. What
/// the format does not know, such as another field of a tensor or bytes that belong to none, is refused.
/// @throws std::runtime_error `PATH: what was found and expected`, with the name of the tensor, for anything wrong with the file.
SafetensorsFile read_safetensors(const std::string& path, SourceLine line = SourceLine::current());

/// The tensors alone.
std::vector<NamedTensor> load_safetensors(const std::string& path, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
