// Parses the bytes of a model file.
// Internal header: not installed.
#pragma once

#include "nn/files/input_file.h"
#include "nn/model_file/model_format.h"

namespace chainrule::nn {

/// Returns the contents of the file. Memory is allocated only for data that have been read, not for sizes that the file claims.
/// @throws std::runtime_error `PATH: where: what was found and expected` if the file does not follow the format.
model_format::Content parse_model(const InputFile& file);

}  // namespace chainrule::nn
