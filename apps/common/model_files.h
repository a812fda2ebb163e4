// Writes models to files.
#pragma once

#include <filesystem>

#include "nn/module/module.h"

namespace chainrule::apps {

/// Writes the weights only if the extension of `path` is .safetensors, and otherwise the whole model as JSON.
/// @throws std::runtime_error if the file cannot be written.
void write_model(const nn::Module& model, const std::filesystem::path& path);

}  // namespace chainrule::apps
