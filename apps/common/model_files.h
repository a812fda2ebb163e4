// The models that programs write.
#pragma once

#include <filesystem>

#include "nn/module/module.h"

namespace chainrule::apps {

/// FILE.safetensors gets the weights alone, any other name the model as JSON.
/// @throws std::runtime_error where the file cannot be written.
void write_model(const nn::Module& model, const std::filesystem::path& path);

}  // namespace chainrule::apps
