#include "apps/mnist/html_report.h"

#include <fmt/format.h>

#include "apps/common/html_report.h"
#include "apps/common/progress_bar.h"
#include "apps/common/report_parts.h"
#include "nn/graph/summary.h"
#include "nn/layers/dense.h"
#include "nn/train/fit.h"

namespace chainrule::apps {
namespace {

constexpr std::size_t kMistakes = 24;
constexpr std::size_t kUnits = 64;

std::vector<ReportSeries> series_of(const MnistHistory& history) {
  ReportSeries train{.name = "train"}, held_out{.name = history.validation_images > 0 ? "validation" : "test"};
  for (const EpochRecord& epoch : history.epochs) {
    train.loss.push_back(epoch.train_loss);
    train.accuracy.push_back(epoch.train_accuracy);
    held_out.loss.push_back(epoch.held_out_loss);
    held_out.accuracy.push_back(epoch.held_out_accuracy);
  }
  return {train, held_out};
}

std::vector<ReportEntry> summary_of(const MnistHistory& history, const MnistReportSources& sources) {
  std::vector<ReportEntry> entries;
  if (sources.evaluation) {
    const Score& test = sources.evaluation->score;
    entries.push_back({"test accuracy", fmt::format("{:.2f} %", 100 * test.accuracy())});
    entries.push_back({"test loss", fmt::format("{:.4f}", test.mean_loss())});
  }
  if (!history.epochs.empty()) {
    entries.push_back({"train accuracy", fmt::format("{:.2f} %", 100 * history.epochs.back().train_accuracy)});
    entries.push_back({"train loss", fmt::format("{:.4f}", history.epochs.back().train_loss)});
  }
  entries.push_back({"epochs", std::to_string(history.epochs.size())});
  entries.push_back({"outcome", history.outcome});
  entries.push_back({"time", duration_text(history.total_seconds)});
  entries.push_back({"parameters", std::to_string(sources.network.parameter_count())});
  return entries;
}

std::vector<ReportMistake> mistakes_of(const MnistReportSources& sources) {
  const nn::Batch all = sources.test.batch(0, sources.test.size());
  std::vector<ReportMistake> shown;
  for (const Mistake& mistake : worst_mistakes(nn::predict(sources.network, all.inputs), all.targets, kMistakes)) {
    ReportMistake& entry = shown.emplace_back();
    entry.label = sources.class_names.at(static_cast<std::size_t>(mistake.label));
    entry.guess = sources.class_names.at(static_cast<std::size_t>(mistake.guess));
    entry.confidence = mistake.confidence;
    entry.example = fmt::format("test image {}", mistake.example);
    if (sources.rows > 0)
      entry.image = {.rows = sources.rows, .columns = sources.columns, .values = all.inputs[mistake.example].to_vector<float>()};
  }
  return shown;
}

}  // namespace

void write_mnist_report(const std::filesystem::path& path, const MnistOptions& options, const MnistHistory& history,
                        const MnistReportSources& sources) {
  HtmlReport report{.title = fmt::format("{}: a multilayer perceptron {}", history.dataset, fmt::join(history.layers, "-")),
                    .command = options.command,
                    .summary = summary_of(history, sources),
                    .settings = settings_of(options, history),
                    .series = series_of(history),
                    .examples = "test images",
                    .class_names = sources.class_names,
                    .model = nn::summary(sources.network, {.input = sources.test.sample_shape()})};
  if (sources.evaluation) {
    report.confusion = sources.evaluation->confusion.to_vector<std::int64_t>();
    report.mistakes = mistakes_of(sources);
  }
  for (const nn::Layer& layer : sources.network) {
    const auto* first = dynamic_cast<const nn::Dense*>(&*layer);
    if (first == nullptr) continue;
    report.weights = weight_images(first->weight(), sources.rows, sources.columns, kUnits);
    report.units = first->d_out();
    break;
  }
  write_html_report(path, report);
}

}  // namespace chainrule::apps
