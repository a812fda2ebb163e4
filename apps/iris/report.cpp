#include "apps/iris/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "apps/common/html_report.h"
#include "apps/common/progress_bar.h"
#include "apps/common/report_parts.h"
#include "autograd/ops/activation.h"
#include "nn/layers/dense.h"

namespace chainrule::apps {
namespace {

constexpr std::size_t kMistakes = 24;
constexpr std::size_t kUnits = 64;

std::vector<ReportEntry> summary_of(const IrisResults& results) {
  const auto splits = static_cast<double>(results.accuracies.size());
  const double mean = std::accumulate(results.accuracies.begin(), results.accuracies.end(), 0.0) / splits;
  const auto [worst, best] = std::ranges::minmax(results.accuracies);
  return {{"test accuracy, mean", fmt::format("{:.2f} %", 100 * mean)},
          {"of splits", std::to_string(results.accuracies.size())},
          {"worst and best", fmt::format("{:.2f} % to {:.2f} %", 100 * worst, 100 * best)},
          {"train loss", fmt::format("{:.4f}", results.history["loss"].back())},
          {"time", duration_text(results.seconds)},
          {"parameters", std::to_string(results.model.parameter_count())}};
}

std::vector<ReportEntry> settings_of(const IrisOptions& options) {
  return {{"data", options.data.string()},
          {"label", options.label},
          {"standardize", options.standardize ? "true" : "false"},
          {"test_split", fmt::format("{}", options.test_split)},
          {"stratify", options.stratify ? "true" : "false"},
          {"splits", std::to_string(options.splits)},
          {"layers", fmt::format("{}", fmt::join(options.layers, ","))},
          {"activation", fmt::format("{}", fmt::join(options.activations, ","))},
          {"initializer", options.initializer},
          {"optimizer", options.optimizer},
          {"learning_rate", fmt::format("{}", options.learning_rate)},
          {"weight_decay", fmt::format("{}", options.weight_decay)},
          {"batch", std::to_string(options.batch)},
          {"epochs", std::to_string(options.epochs)},
          {"seed", std::to_string(options.seed)}};
}

std::vector<ReportMistake> mistakes_of(const IrisResults& results) {
  const nn::Batch all = results.test.batch(0, results.test.size());
  std::vector<ReportMistake> shown;
  for (const Mistake& mistake : worst_mistakes(softmax(results.model.predict(all.inputs), 1), all.targets, kMistakes)) {
    ReportMistake& entry = shown.emplace_back();
    entry.label = results.class_names.at(static_cast<std::size_t>(mistake.label));
    entry.guess = results.class_names.at(static_cast<std::size_t>(mistake.guess));
    entry.confidence = mistake.confidence;
    const std::vector<float> features = all.inputs[mistake.example].to_vector<float>();
    for (std::size_t i = 0; i < features.size(); ++i)
      entry.example += fmt::format("{}{} {:.4g}", i == 0 ? "" : ", ", results.table.feature_names.at(i), features[i]);
  }
  return shown;
}

}  // namespace

void write_iris_report(const std::filesystem::path& path, const IrisOptions& options, const IrisResults& results) {
  ReportSeries train{.name = "train"}, test{.name = "test"};
  train.loss = results.history["loss"];
  train.accuracy = results.history["accuracy"];
  test.loss = results.history["val_loss"];
  test.accuracy = results.history["val_accuracy"];
  HtmlReport report{.title = options.data.filename().string() + ": a multilayer perceptron",
                    .command = options.command,
                    .summary = summary_of(results),
                    .settings = settings_of(options),
                    .series = {train, test},
                    .examples = results.accuracies.size() == 1 ? "test rows" : "test rows of all splits",
                    .class_names = results.class_names,
                    .confusion = results.confusion.to_vector<std::int64_t>(),
                    .mistakes = mistakes_of(results),
                    .model = results.model.summary()};
  if (const auto* first = dynamic_cast<const nn::Dense*>(&*results.model.layers().front().layer)) {
    report.weights = weight_images(first->weight(), 1, first->d_in(), kUnits);
    report.units = first->d_out();
  }
  write_html_report(path, report);
}

}  // namespace chainrule::apps
