// The record of a training run, written as JSON.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/common/html_report.h"
#include "apps/mnist/options.h"

namespace chainrule::apps {

/// Results of an epoch. Losses are means over images; accuracies are fractions.
struct EpochRecord {
  double train_loss = 0, train_accuracy = 0;        ///< each batch is measured before its step
  double held_out_loss = 0, held_out_accuracy = 0;  ///< on the validation images if there are any, else on the test images
  double train_seconds = 0;                         ///< without evaluation
  double seconds = 0;
};

struct MnistHistory {
  std::string dataset;               ///< name of the dataset
  std::filesystem::path source;      ///< directory or file of the dataset
  std::vector<std::int64_t> layers;  ///< numbers of inputs, of units of each hidden layer and of classes
  std::int64_t train_images = 0, validation_images = 0, test_images = 0;
  int threads = 0;
  std::vector<EpochRecord> epochs;
  std::string outcome = "finished";         ///< or "interrupted" or "diverged"
  double test_loss = 0, test_accuracy = 0;  ///< after the training
  double total_seconds = 0;
  std::string weights_fingerprint;
};

/// The settings of the JSON file, in its order, without the command line.
std::vector<ReportEntry> settings_of(const MnistOptions& options, const MnistHistory& history);

/// Writes the history as JSON.
/// @throws std::runtime_error if the file cannot be written.
void write_history(const std::filesystem::path& path, const MnistOptions& options, const MnistHistory& history);

}  // namespace chainrule::apps
