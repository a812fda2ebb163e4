// Writes the predicted class of each image.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/mnist/training.h"

namespace chainrule::apps {

/// Writes a CSV table with the columns image, label, guess and confidence. Images are counted from 0; classes are given by name. The path
/// `-` is standard output.
/// @throws std::runtime_error if the file cannot be written.
void write_guesses(const std::filesystem::path& path, const std::vector<Guess>& guesses, const std::vector<std::string>& class_names);

}  // namespace chainrule::apps
