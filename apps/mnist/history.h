// What a training run leaves behind as JSON.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/common/html_report.h"
#include "apps/mnist/options.h"

namespace chainrule::apps {

/// Losses are means over images, accuracies fractions.
struct EpochRecord {
  double train_loss = 0, train_accuracy = 0;        ///< of each batch before its step
  double held_out_loss = 0, held_out_accuracy = 0;  ///< of the validation images, where there are some, or the test images
  double train_seconds = 0;                         ///< without evaluation
  double seconds = 0;
};

struct MnistHistory {
  std::string dataset;               ///< its name
  std::filesystem::path source;      ///< where it was found
  std::vector<std::int64_t> layers;  ///< inputs, hidden units and classes
  std::int64_t train_images = 0, validation_images = 0, test_images = 0;
  int threads = 0;
  std::vector<EpochRecord> epochs;
  std::string outcome = "finished";         ///< or "interrupted", "diverged"
  double test_loss = 0, test_accuracy = 0;  ///< at the end
  double total_seconds = 0;
  std::string weights_fingerprint;
};

/// The settings as the history has them, in its order, but for the command.
std::vector<ReportEntry> settings_of(const MnistOptions& options, const MnistHistory& history);

/// @throws std::runtime_error where the file cannot be written.
void write_history(const std::filesystem::path& path, const MnistOptions& options, const MnistHistory& history);

}  // namespace chainrule::apps
