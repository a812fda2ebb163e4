// The HTML report of mnist_train.
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

/// What the report shows besides the history.
struct MnistReportSources {
  const nn::Sequential& network;  ///< outputs the confidence in each class
  const nn::Dataset& test;
  std::int64_t rows = 0, columns = 0;  ///< of an image; 0 if unknown, in which case no image is shown
  const std::vector<std::string>& class_names;
  std::optional<Evaluation> evaluation;  ///< on the test images; nullopt if training diverged
};

/// Writes the report to `path`.
/// @throws std::runtime_error if the file cannot be written.
void write_mnist_report(const std::filesystem::path& path, const MnistOptions& options, const MnistHistory& history,
                        const MnistReportSources& sources);

}  // namespace chainrule::apps
