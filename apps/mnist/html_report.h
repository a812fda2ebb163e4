// What a training run leaves behind as a page with charts and images.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/mnist/history.h"
#include "apps/mnist/options.h"
#include "apps/mnist/training.h"
#include "nn/data/dataset.h"
#include "nn/layers/sequential.h"

namespace chainrule::apps {

/// What the history does not tell.
struct MnistReportSources {
  const nn::Sequential& network;  ///< gives what it is sure of
  const nn::Dataset& test;
  std::int64_t rows = 0, columns = 0;  ///< of an image; 0: its shape is not known, and none is shown
  const std::vector<std::string>& class_names;
  std::optional<Evaluation> evaluation;  ///< of the test images; none where the network diverged
};

/// @throws std::runtime_error where the file cannot be written.
void write_mnist_report(const std::filesystem::path& path, const MnistOptions& options, const MnistHistory& history,
                        const MnistReportSources& sources);

}  // namespace chainrule::apps
