// The HTML report of iris_train.
#pragma once

#include <string>
#include <vector>

#include "apps/iris/options.h"
#include "autograd/graph/tensor.h"
#include "nn/data/csv.h"
#include "nn/graph/model.h"
#include "nn/train/history.h"

namespace chainrule::apps {

/// Results of training on several random splits.
struct IrisResults {
  const nn::CsvData& table;
  const std::vector<std::string>& class_names;
  const std::vector<double>& accuracies;  ///< on the test rows of each split
  const Tensor& confusion;                ///< summed over all splits
  // Of the last split:
  const nn::Model& model;  ///< outputs logits
  const nn::History& history;
  const nn::Dataset& test;
  double seconds = 0;
};

/// Writes the report to `path`.
/// @throws std::runtime_error if the file cannot be written.
void write_iris_report(const std::filesystem::path& path, const IrisOptions& options, const IrisResults& results);

}  // namespace chainrule::apps
