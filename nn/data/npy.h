// Reads and writes NumPy's .npy files, each of which holds one array.
#pragma once

#include <string>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Returns the array in a file written by numpy.save(), in format version 1.0 to 3.0, either byte order, and C or Fortran axis order.
/// float32 and float64 arrays keep their dtype, float16 becomes float32, and bool and integers of up to 8 bytes become int64.
/// @throws std::runtime_error `FILE: ...` if anything is wrong with the file, such as another dtype, an integer that int64 cannot hold,
/// more than 8 axes, or a shape that does not match the size of the file.
Tensor read_npy(const std::string& path, SourceLine line = SourceLine::current());

/// Writes a Tensor as an .npy file (format version 1.0) for numpy.load(). The file is replaced atomically, see write_whole_file().
/// @throws std::runtime_error `PATH: ...` if the file cannot be written.
/// @throws std::invalid_argument for an undefined Tensor.
void write_npy(const std::string& path, const Tensor& tensor, SourceLine line = SourceLine::current());

}  // namespace chainrule::nn
#pragma GCC visibility pop
