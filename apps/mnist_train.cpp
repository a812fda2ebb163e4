// Trains a multilayer perceptron on MNIST, or on another dataset in the same formats, and prints its accuracy.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "apps/common/cli.h"
#include "apps/common/confusion_table.h"
#include "apps/common/fingerprint.h"
#include "apps/common/interrupt.h"
#include "apps/common/logging.h"
#include "apps/common/model_files.h"
#include "apps/common/progress_bar.h"
#include "apps/mnist/guesses.h"
#include "apps/mnist/history.h"
#include "apps/mnist/html_report.h"
#include "apps/mnist/options.h"
#include "apps/mnist/training.h"
#include "autograd/base/printable.h"
#include "autograd/base/random.h"
#include "autograd/ops/create.h"
#include "autograd/parallel/threads.h"
#include "nn/data/dataset.h"
#include "nn/data/loader.h"
#include "nn/data/mnist.h"
#include "nn/data/transform.h"
#include "nn/files/write_file.h"
#include "nn/model_file/model_file.h"

namespace chainrule::apps {
namespace {

using Clock = std::chrono::steady_clock;
using detail::printable;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Images {
  nn::Dataset train, test;
  std::optional<nn::Dataset> validation;
  std::vector<std::string> class_names;
  std::int64_t rows = 0, columns = 0;  // of an image
};

nn::Dataset dataset(nn::IdxArray images, const std::vector<std::uint8_t>& labels, bool standardize) {
  nn::Dataset data(std::move(images), labels);
  if (!standardize) return data;
  const nn::Batch all = data.batch(0, data.size());
  return {nn::standardize_samples(all.inputs), all.targets};
}

Images load_files(const MnistOptions& options, MnistHistory& history) {
  const nn::MnistFiles files = nn::find_mnist(nn::mnist_directories(options.data));
  nn::MnistData data = nn::load_mnist(files);
  spdlog::info("{} from {} ({})", printable(data.name), printable(files.directory.path), files.directory.origin);
  for (const auto& path : {files.train_images, files.train_labels, files.test_images, files.test_labels})
    spdlog::debug("read {}", printable(path));
  const Shape shape = Shape(data.train_images.shape);
  history.dataset = data.name;
  history.source = files.directory.path;
  return {.train = dataset(std::move(data.train_images), data.train_labels, options.standardize),
          .test = dataset(std::move(data.test_images), data.test_labels, options.standardize),
          .validation = {},
          .class_names = std::move(data.class_names),
          .rows = shape[1],
          .columns = shape[2]};
}

Images load_tables(const MnistOptions& options, MnistHistory& history) {
  std::int64_t side = 0;
  const auto read = [&](const std::filesystem::path& path) {
    nn::MnistPart part = nn::read_mnist_csv(path);
    side = part.images.shape[1];
    spdlog::info("{} images from {}", part.labels.size(), printable(path.string()));
    return dataset(std::move(part.images), part.labels, options.standardize);
  };
  history.dataset = "CSV";
  history.source = options.csv.front();
  std::vector<std::string> names;
  for (int label = 0; label < 10; ++label) names.push_back(std::to_string(label));
  nn::Dataset train = read(options.csv.front());
  if (options.csv.size() == 2) {
    nn::Dataset test = read(options.csv.back());
    if (train.sample_shape() != test.sample_shape())
      throw std::runtime_error(fmt::format("{}: images have {} pixels, expected {} as in {}", printable(options.csv.back().string()),
                                           test.sample_shape().numel(), train.sample_shape().numel(),
                                           printable(options.csv.front().string())));
    return {.train = std::move(train), .test = std::move(test), .validation = {}, .class_names = names, .rows = side, .columns = side};
  }
  check_split("--test-split", options.test_split, train.size(), "images", "test on");
  Generator generator(options.seed);
  auto [rest, test] = nn::train_test_split(train, options.test_split, {.generator = &generator});
  return {.train = std::move(rest), .test = std::move(test), .validation = {}, .class_names = names, .rows = side, .columns = side};
}

Images load_images(const MnistOptions& options, MnistHistory& history) {
  Images images = options.csv.empty() ? load_files(options, history) : load_tables(options, history);
  if (options.limit_train) images.train = images.train.first(*options.limit_train);
  if (options.limit_test) images.test = images.test.first(*options.limit_test);
  if (options.val_split > 0) {
    check_split("--val-split", options.val_split, images.train.size(), "training images", "validate on");
    auto [train, validation] = nn::train_test_split(images.train, options.val_split, {.in_order = true});
    images.train = std::move(train);
    images.validation = std::move(validation);
  }
  history.train_images = images.train.size();
  history.validation_images = images.validation ? images.validation->size() : 0;
  history.test_images = images.test.size();
  return images;
}

// Numbers of inputs, of units of each hidden layer and of classes.
std::vector<std::int64_t> network_sizes(const MnistOptions& options, const Images& images) {
  std::vector<std::int64_t> sizes = {images.train.sample_shape().numel()};
  sizes.insert(sizes.end(), options.layers.begin(), options.layers.end());
  sizes.push_back(static_cast<std::int64_t>(images.class_names.size()));
  return sizes;
}

void show_test(const Evaluation& test, const Images& images) {
  spdlog::info("{}", confusion_table(test.confusion, images.class_names));
  spdlog::info("test accuracy {:.2f} % ({} of {})", 100 * test.score.accuracy(), test.score.correct, test.score.images);
}

// Evaluates a model from a file on the test images.
void test_network(const MnistOptions& options) {
  MnistHistory unused;
  const Images images = load_images(options, unused);
  const nn::Layer network = nn::load_model(*options.load);
  network->eval();
  const Tensor one = (*network)(zeros({1, images.test.sample_shape().numel()}));
  const auto classes = static_cast<std::int64_t>(images.class_names.size());
  if (one.shape() != Shape{1, classes})
    throw std::runtime_error(fmt::format("{}: the model outputs {} numbers per image, expected {}, one per class",
                                         printable(options.load->string()), one.numel(), classes));
  spdlog::info("{} with {} parameters from {}", printable(network->describe()), network->parameter_count(),
               printable(options.load->string()));
  show_test(evaluate(*network, images.test), images);
  if (options.predict) write_guesses(*options.predict, guesses(*network, images.test), images.class_names);
}

// How an epoch ended.
enum class Ending { finished, interrupted, diverged };

class Run {
 public:
  explicit Run(const MnistOptions& options)
      : options_(options),
        images_(load_images(options, history_)),
        generator_(options.seed),
        loader_(images_.train, {.batch_size = options.batch > 0 ? options.batch : images_.train.size(),
                                .shuffle = options.batch > 0,
                                .generator = &generator_,
                                // Timed steps have equal sizes. Batch normalization needs more than one example.
                                .drop_last = options.bench_steps > 0 || (options.batch_norm && images_.train.size() > options.batch)}) {
    if (loader_.size() == 0)
      throw std::runtime_error(fmt::format("{} training images are fewer than one batch of {}", images_.train.size(), options.batch));
    history_.layers = network_sizes(options, images_);
    history_.threads = num_threads();
    const std::int64_t total_steps = options.bench_steps > 0 ? kWarmUpSteps + options.bench_steps : options.epochs * loader_.size();
    training_ = std::make_unique<MnistTraining>(options, history_.layers, total_steps, generator_);
    spdlog::info("{} training{} and {} test images; layers {}, {} parameters; seed {}, {} thread{}", history_.train_images,
                 images_.validation ? fmt::format(", {} validation", history_.validation_images) : "", history_.test_images,
                 fmt::join(history_.layers, "-"), training_->network().parameter_count(), options.seed, history_.threads,
                 history_.threads == 1 ? "" : "s");
    spdlog::info("activation {}, loss {}, optimizer {}, {} learning rate from {}, batch {}, {} epoch{}", options.activation, options.loss,
                 options.optimizer, options.schedule, options.learning_rate,
                 options.batch > 0 ? std::to_string(options.batch) : "of all images", options.epochs, options.epochs == 1 ? "" : "s");
  }

  /// Returns the exit code.
  int train() {
    watch_for_interrupt();
    ProgressBar bar(spdlog::should_log(spdlog::level::info));
    start_ = Clock::now();
    Ending ending = Ending::finished;
    for (std::int64_t epoch = 1; epoch <= options_.epochs && ending == Ending::finished; ++epoch) ending = train_epoch(epoch, bar);
    return summarize(ending);
  }

  void bench() {
    constexpr std::int64_t kLastSteps = 100;
    Score last;
    std::vector<double> microseconds;
    microseconds.reserve(static_cast<std::size_t>(options_.bench_steps));
    auto batch = loader_.begin();
    std::int64_t step = 0;
    run_steps([&] {
      if (batch == loader_.end()) batch = loader_.begin();
      const Clock::time_point start = Clock::now();
      const Score score = training_->step(*batch, false);  // the programs of bench/peers count no correct guesses either
      ++batch;
      if (step >= kWarmUpSteps) microseconds.push_back(1e6 * seconds_since(start));
      if (step >= kWarmUpSteps + options_.bench_steps - kLastSteps) last.add(score);
      return ++step < kWarmUpSteps + options_.bench_steps;
    });
    std::ranges::sort(microseconds);
    fmt::print("mnist_train batch={} threads={} median_us={:.1f} best_us={:.1f} loss={:.4f}\n", options_.batch, history_.threads,
               microseconds[microseconds.size() / 2], microseconds.front(), last.mean_loss());
  }

 private:
  static constexpr std::int64_t kWarmUpSteps = 50;

  Ending train_epoch(std::int64_t epoch, ProgressBar& bar) {
    const Clock::time_point start = Clock::now();
    Score score;
    const Ending ending = take_steps(epoch, bar, score);
    if (ending != Ending::finished) return ending;
    const double train_seconds = seconds_since(start);
    const Score held_out = training_->evaluate(images_.validation ? *images_.validation : images_.test).score;
    const EpochRecord& record = history_.epochs.emplace_back(EpochRecord{.train_loss = score.mean_loss(),
                                                                         .train_accuracy = score.accuracy(),
                                                                         .held_out_loss = held_out.mean_loss(),
                                                                         .held_out_accuracy = held_out.accuracy(),
                                                                         .train_seconds = train_seconds,
                                                                         .seconds = seconds_since(start)});
    const bool bad = !std::isfinite(record.held_out_loss);
    if (bad || epoch == 1 || epoch == options_.epochs || epoch % options_.show_every == 0) {
      bar.clear();
      spdlog::info("epoch {:>{}}/{}  train loss {:.4f}, accuracy {:.2f} %  {} loss {:.4f}, accuracy {:.2f} %  {:.2f} s", epoch,
                   std::to_string(options_.epochs).size(), options_.epochs, record.train_loss, 100 * record.train_accuracy, held_out_name(),
                   record.held_out_loss, 100 * record.held_out_accuracy, record.seconds);
    }
    if (bad) {
      spdlog::error("the {} loss became {} in epoch {}; a lower --learning-rate than {} may help", held_out_name(), record.held_out_loss,
                    epoch, options_.learning_rate);
      return Ending::diverged;
    }
    return Ending::finished;
  }

  Ending take_steps(std::int64_t epoch, ProgressBar& bar, Score& score) {
    Ending ending = Ending::finished;
    std::int64_t step = 0;
    auto batch = loader_.begin();
    run_steps([&] {
      const Score of_batch = training_->step(*batch);
      ++batch;
      ++step;
      if (!std::isfinite(of_batch.loss)) {
        bar.clear();
        spdlog::error("the loss became {} in epoch {} at step {} of {}; a lower --learning-rate than {} may help", of_batch.loss, epoch,
                      step, loader_.size(), options_.learning_rate);
        ending = Ending::diverged;
        return false;
      }
      score.add(of_batch);
      trained_images_ += of_batch.images;
      if (bar.due()) draw(bar, epoch, step, score);
      if (interrupted()) {
        bar.clear();
        spdlog::warn("interrupted in epoch {} after {} of {} steps, with train loss {:.4f}, accuracy {:.2f} %", epoch, step, loader_.size(),
                     score.mean_loss(), 100 * score.accuracy());
        ending = Ending::interrupted;
        return false;
      }
      return batch != loader_.end();
    });
    return ending;
  }

  void draw(ProgressBar& bar, std::int64_t epoch, std::int64_t step, const Score& score) const {
    const double elapsed = seconds_since(start_);
    const auto done = static_cast<double>(trained_images_);
    const double left = static_cast<double>(options_.epochs) * static_cast<double>(images_.train.size()) - done;
    bar.draw(fmt::format("epoch {}/{}", epoch, options_.epochs), static_cast<double>(step) / static_cast<double>(loader_.size()),
             fmt::format("loss {:.4f}  {:.0f} images/s  {} left", score.mean_loss(), done / elapsed, duration_text(left / done * elapsed)));
  }

  const char* held_out_name() const noexcept { return images_.validation ? "validation" : "test"; }

  int summarize(Ending ending) {
    history_.outcome = ending == Ending::finished ? "finished" : ending == Ending::interrupted ? "interrupted" : "diverged";
    training_->finish();
    history_.weights_fingerprint = weights_fingerprint(training_->network());
    const nn::Sequential network = training_->with_output();
    std::optional<Evaluation> evaluation;
    if (ending != Ending::diverged) {
      evaluation = training_->evaluate(images_.test);
      show_test(*evaluation, images_);
      history_.test_loss = evaluation->score.mean_loss();
      history_.test_accuracy = evaluation->score.accuracy();
      if (options_.save) write_model(network, *options_.save);
      if (options_.predict) write_guesses(*options_.predict, guesses(network, images_.test), images_.class_names);
    }
    history_.total_seconds = seconds_since(start_);
    spdlog::info("{} in {}; weights fingerprint {}", history_.outcome, duration_text(history_.total_seconds), history_.weights_fingerprint);
    if (options_.history) write_history(*options_.history, options_, history_);
    if (options_.report) {
      write_mnist_report(*options_.report, options_, history_,
                         {.network = network,
                          .test = images_.test,
                          .rows = images_.rows,
                          .columns = images_.columns,
                          .class_names = images_.class_names,
                          .evaluation = evaluation});
    }
    return ending == Ending::finished ? 0 : ending == Ending::interrupted ? kInterruptedExit : 1;
  }

  const MnistOptions& options_;
  MnistHistory history_;
  Images images_;
  Generator generator_;
  nn::DataLoader loader_;
  std::unique_ptr<MnistTraining> training_;
  Clock::time_point start_;
  std::int64_t trained_images_ = 0;
};

int run(const MnistOptions& options) {
  if (options.threads) set_num_threads(*options.threads);
  for (const auto& path : {options.history, options.report, options.save, options.predict})
    if (path && *path != "-") nn::check_writable(*path);
  if (options.load) {
    test_network(options);
    return 0;
  }
  Run run(options);
  if (options.bench_steps == 0) return run.train();
  run.bench();
  return 0;
}

}  // namespace
}  // namespace chainrule::apps

int main(int argc, char** argv) {
  using namespace chainrule::apps;
  try {
    const auto parsed = parse_mnist_options(argc, argv);
    if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
    const auto& options = std::get<MnistOptions>(parsed);
    set_up_logging("mnist_train", options.log_level);
    return run(options);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "mnist_train: out of memory\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "mnist_train: {}\n", error.what());
  }
  return 1;
}
