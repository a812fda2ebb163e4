// Trains a multilayer perceptron on a table, by default Fisher's Iris data, on one or more random splits, and prints its accuracy.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "apps/common/cli.h"
#include "apps/common/confusion_table.h"
#include "apps/common/interrupt.h"
#include "apps/common/logging.h"
#include "apps/common/model_files.h"
#include "apps/common/progress_bar.h"
#include "apps/iris/options.h"
#include "apps/iris/report.h"
#include "autograd/base/printable.h"
#include "autograd/base/random.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/reduce.h"
#include "nn/nn.h"

namespace chainrule::apps {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Table {
  nn::CsvData csv;
  std::vector<std::string> class_names;
};

nn::CsvColumn column_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return text;
}

Table read_table(const IrisOptions& options) {
  Table table{.csv = nn::read_csv(options.data, {.label = column_of(options.label)}), .class_names = {}};
  const std::string path = detail::printable(options.data.string());
  table.class_names = table.csv.class_names;
  if (table.class_names.empty()) {  // the labels are numbers
    const std::int64_t classes = table.csv.dataset().classes();
    constexpr std::int64_t kMostClasses = 1000;
    if (classes > kMostClasses)
      throw std::runtime_error(fmt::format("{}: the largest label is {}, expected less than {}", path, classes - 1, kMostClasses));
    for (std::int64_t label = 0; label < classes; ++label) table.class_names.push_back(std::to_string(label));
  }
  if (table.class_names.size() < 2) throw std::runtime_error(path + ": got 1 class, expected at least 2");
  spdlog::info("{} rows of {} numbers, {} classes, from {}", table.csv.features.size(0), table.csv.features.size(1),
               table.class_names.size(), path);
  check_split("--test-split", options.test_split, table.csv.features.size(0), "rows", "test on");
  return table;
}

// A model from a row to logits.
nn::Model make_model(const IrisOptions& options, std::int64_t columns, std::int64_t classes, Generator& generator) {
  const nn::Symbol row = nn::input({columns}, {.name = "row"});
  nn::Symbol h = row;
  const nn::Initializer initializer = initializer_of(options.initializer);
  for (std::size_t i = 0; i < options.layers.size(); ++i)
    h = nn::Dense(options.layers[i], {.initializer = initializer,
                                      .generator = &generator,
                                      .activation = options.activations[options.activations.size() == 1 ? 0 : i]})(h);
  return {row, nn::Dense(classes, {.initializer = initializer, .generator = &generator})(h)};
}

// Draws the progress bar, prints epochs and stops on Ctrl-C.
class Watch : public nn::Callback {
 public:
  Watch(ProgressBar& bar, const IrisOptions& options, std::int64_t split) : bar_(&bar), options_(&options), split_(split) {}

  void on_step_end(nn::Training& training) override {
    if (interrupted()) training.stop("interrupted");
    if (!bar_->due()) return;
    const double done = static_cast<double>(training.step()) / static_cast<double>(training.epochs() * training.steps_per_epoch());
    const double all = (static_cast<double>(split_) + done) / static_cast<double>(options_->splits);
    const double elapsed = seconds_since(start_);
    bar_->draw(
        fmt::format("split {}/{}", split_ + 1, options_->splits), all,
        fmt::format("epoch {}/{}  loss {:.4f}  {} left", training.epoch(), training.epochs(), training.step_loss(),
                    duration_text(elapsed * (1 - done) / done + elapsed / done * static_cast<double>(options_->splits - split_ - 1))));
  }
  void on_epoch_end(nn::Training& training) override {
    if (options_->show_every == 0 || training.epoch() % options_->show_every != 0) return;
    const nn::Metrics& epoch = training.history().epochs.back();
    bar_->clear();
    spdlog::info("split {} epoch {}/{}  train loss {:.4f}, accuracy {:.2f} %  test loss {:.4f}, accuracy {:.2f} %", split_ + 1,
                 training.epoch(), training.epochs(), epoch["loss"], 100 * epoch["accuracy"], epoch["val_loss"],
                 100 * epoch["val_accuracy"]);
  }

 private:
  ProgressBar* bar_;
  const IrisOptions* options_;
  std::int64_t split_;
  Clock::time_point start_ = Clock::now();
};

struct Trained {
  nn::Model model;
  nn::History history;
  nn::Dataset test;
  Tensor confusion;  // on the test rows
};

Trained train(const IrisOptions& options, const Table& table, std::int64_t split, ProgressBar& bar) {
  Generator generator(options.seed + static_cast<std::uint64_t>(split));
  auto [training, test] =
      nn::train_test_split(table.csv.dataset(), options.test_split, {.generator = &generator, .stratify = options.stratify});
  if (options.standardize) {
    const nn::Batch learnt = training.batch(0, training.size()), applied = test.batch(0, test.size());
    const nn::Scaler scaler = nn::Scaler::standard(learnt.inputs);
    training = nn::Dataset(scaler(learnt.inputs), learnt.targets);
    test = nn::Dataset(scaler(applied.inputs), applied.targets);
  }
  const auto classes = static_cast<std::int64_t>(table.class_names.size());
  Trained result{
      .model = make_model(options, table.csv.features.size(1), classes, generator), .history = {}, .test = test, .confusion = {}};
  if (split == 0) spdlog::info("{}", result.model.summary());
  const std::optional<double> decay = options.weight_decay > 0 ? std::optional(options.weight_decay) : std::nullopt;
  result.model.compile(
      {.loss = "cross_entropy",
       .optimizer = nn::OptimizerFactory(options.optimizer, {.learning_rate = options.learning_rate, .weight_decay = decay}),
       .metrics = {"accuracy"}});
  result.history =
      result.model.fit(training, {.epochs = options.epochs,
                                  .batch_size = options.batch,
                                  .generator = &generator,
                                  .validation_data = options.show_every > 0 || options.report ? std::optional(test) : std::nullopt,
                                  .callbacks = {Watch(bar, options, split)}});
  const nn::Batch all = test.batch(0, test.size());
  result.confusion = nn::confusion_matrix(result.model.predict(all.inputs), all.targets);
  return result;
}

std::int64_t trace(const Tensor& counts) {
  std::int64_t sum = 0;
  for (std::int64_t c = 0; c < counts.size(0); ++c) sum += static_cast<std::int64_t>(counts[c][c].item());
  return sum;
}

int run(const IrisOptions& options) {
  for (const auto& path : {options.save, options.report})
    if (path) nn::check_writable(*path);
  const Table table = read_table(options);
  watch_for_interrupt();
  ProgressBar bar(spdlog::should_log(spdlog::level::info));
  const Clock::time_point start = Clock::now();
  Tensor confusion;
  std::vector<double> accuracies;
  std::optional<Trained> trained;
  for (std::int64_t split = 0; split < options.splits && !interrupted(); ++split) {
    trained.emplace(train(options, table, split, bar));
    bar.clear();
    if (trained->history.ending == nn::Ending::diverged) {
      const std::string cause = trained->history.reason.substr(0, trained->history.reason.find(';'));  // without its advice for programmers
      throw std::runtime_error(
          fmt::format("split {}: {}; a lower --learning-rate than {} may help", split + 1, cause, options.learning_rate));
    }
    if (interrupted()) break;
    const auto rows = static_cast<std::int64_t>(sum(trained->confusion).item());
    accuracies.push_back(static_cast<double>(trace(trained->confusion)) / static_cast<double>(rows));
    confusion = confusion.defined() ? confusion + trained->confusion : trained->confusion;
    spdlog::info("split {:>{}}/{}  train loss {:.4f}, accuracy {:.2f} %  test accuracy {:.2f} % ({} of {})", split + 1,
                 std::to_string(options.splits).size(), options.splits, trained->history["loss"].back(),
                 100 * trained->history["accuracy"].back(), 100 * accuracies.back(), trace(trained->confusion), rows);
  }
  if (!accuracies.empty()) {
    spdlog::info("{}", confusion_table(confusion, table.class_names));
    double mean = 0;
    for (const double accuracy : accuracies) mean += accuracy / static_cast<double>(accuracies.size());
    const auto [worst, best] = std::ranges::minmax(accuracies);
    spdlog::info("test accuracy {:.2f} % over {} split{}, from {:.2f} to {:.2f} %, in {}", 100 * mean, accuracies.size(),
                 accuracies.size() == 1 ? "" : "s", 100 * worst, 100 * best, duration_text(seconds_since(start)));
    if (options.report)
      write_iris_report(*options.report, options,
                        {.table = table.csv,
                         .class_names = table.class_names,
                         .accuracies = accuracies,
                         .confusion = confusion,
                         .model = trained->model,
                         .history = trained->history,
                         .test = trained->test,
                         .seconds = seconds_since(start)});
    if (options.save) write_model(nn::Sequential(std::move(trained->model), nn::Softmax()), *options.save);
  }
  if (!interrupted()) return 0;
  spdlog::warn("interrupted after {} of {} splits", accuracies.size(), options.splits);
  return kInterruptedExit;
}

}  // namespace
}  // namespace chainrule::apps

int main(int argc, char** argv) {
  using namespace chainrule::apps;
  try {
    const auto parsed = parse_iris_options(argc, argv);
    if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
    const auto& options = std::get<IrisOptions>(parsed);
    set_up_logging("iris_train", options.log_level);
    return run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "iris_train: {}\n", error.what());
  }
  return 1;
}
