// From the bytes of a model file to what it holds.
// Internal header: not installed.
#pragma once

#include "nn/files/input_file.h"
#include "nn/model_file/model_format.h"

namespace chainrule::nn {

/// What the file holds. Memory is taken for what was read only, never for what the file claims.
/// @throws std::runtime_error `PATH: where: what was found and expected` for anything that is not of the format.
model_format::Content parse_model(const InputFile& file);

}  // namespace chainrule::nn
