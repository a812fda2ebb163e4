// What iris_train leaves behind as a page with charts.
#pragma once

#include <string>
#include <vector>

#include "apps/iris/options.h"
#include "autograd/graph/tensor.h"
#include "nn/data/csv.h"
#include "nn/graph/model.h"
#include "nn/train/history.h"

namespace chainrule::apps {

/// What trainings over random splits gave.
struct IrisResults {
  const nn::CsvData& table;
  const std::vector<std::string>& class_names;
  const std::vector<double>& accuracies;  ///< of each split's test rows
  const Tensor& confusion;                ///< of all splits
  // Of the last split:
  const nn::Model& model;  ///< gives logits
  const nn::History& history;
  const nn::Dataset& test;
  double seconds = 0;
};

/// @throws std::runtime_error where the file cannot be written.
void write_iris_report(const std::filesystem::path& path, const IrisOptions& options, const IrisResults& results);

}  // namespace chainrule::apps
