// Writes what a network took each image for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/mnist/training.h"

namespace chainrule::apps {

/// A table `image,label,guess,confidence` with the classes' names, images counted from 0; `-` is standard output.
/// @throws std::runtime_error where the file cannot be written.
void write_guesses(const std::filesystem::path& path, const std::vector<Guess>& guesses, const std::vector<std::string>& class_names);

}  // namespace chainrule::apps
