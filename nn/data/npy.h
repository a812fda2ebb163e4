// NumPy's .npy files: one array each.
#pragma once

#include <string>

#include "autograd/graph/tensor.h"

namespace chainrule::nn {

/// The array in a file that numpy.save() wrote, format 1.0 to 3.0, of either byte order and either axis order. float32 and float64 are
/// kept; float16 becomes float32, bool and integers of up to 8 bytes int64.
/// @throws std::runtime_error `FILE: ...` for anything wrong with the file: another dtype, an integer beyond int64, more than 8 axes, a
/// shape that does not match the bytes there.
Tensor read_npy(const std::string& path, SourceLine line = SourceLine::current());

/// Writes a Tensor for numpy.load(), format 1.0; the file is there whole or not at all.
/// @throws std::runtime_error naming the path and what went wrong; std::invalid_argument for an undefined tensor.
void write_npy(const std::string& path, const Tensor& tensor, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
