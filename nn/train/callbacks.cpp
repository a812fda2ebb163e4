#include "nn/train/callbacks.h"

#include <charconv>
#include <cmath>

#include "autograd/base/check.h"
#include "nn/files/write_file.h"
#include "nn/weights/save.h"

namespace chainrule::nn {

using detail::text;
using detail::throw_invalid;

namespace {

// The factor that makes smaller values of the monitored loss or metric better: 1 or -1.
double sign_of(const Training& training, const std::string& monitor) { return training.better(monitor) == Better::smaller ? 1 : -1; }

double watched(const Training& training, const std::string& monitor) { return training.history().epochs.back()[monitor]; }

// Whether `value` is better than `best`, where smaller is better. NaN is worse than any number.
bool improves(double value, double best, double min_delta) {
  if (std::isnan(value)) return false;
  return std::isnan(best) || value < best - min_delta;
}

std::string with_epoch(std::string path, std::int64_t epoch) {
  static constexpr std::string_view kPlace = "{epoch}";
  for (std::size_t at = path.find(kPlace); at != std::string::npos; at = path.find(kPlace, at))
    path.replace(at, kPlace.size(), std::to_string(epoch));
  return path;
}

}  // namespace

EarlyStopping::EarlyStopping(EarlyStoppingOptions options, SourceLine line) : options_(std::move(options)) {
  if (options_.patience < 0) throw_invalid("EarlyStopping", text("patience is ", options_.patience, ", expected at least 0"), line);
  if (!(options_.min_delta >= 0 && std::isfinite(options_.min_delta)))
    throw_invalid("EarlyStopping", text("min_delta is ", options_.min_delta, ", expected a finite number, 0 or more"), line);
  if (options_.start_from_epoch < 1)
    throw_invalid("EarlyStopping", text("start_from_epoch is ", options_.start_from_epoch, ", expected at least 1"), line);
}

void EarlyStopping::on_fit_begin(Training& training) {
  sign_ = sign_of(training, options_.monitor);
  best_ = std::numeric_limits<double>::quiet_NaN();
  best_epoch_ = waited_ = 0;
}

void EarlyStopping::on_epoch_end(Training& training) {
  if (training.epoch() < options_.start_from_epoch) return;
  const double value = watched(training, options_.monitor);
  if (improves(sign_ * value, sign_ * best_, options_.min_delta)) {
    best_ = value;
    best_epoch_ = training.epoch();
    waited_ = 0;
    training.keep_weights();
  } else if (++waited_ >= options_.patience) {
    training.stop(best_epoch_ == 0 ? text(options_.monitor, " was NaN in every epoch")
                                   : text(options_.monitor, " has not improved on ", best_, " since epoch ", best_epoch_));
  }
}

ReduceOnPlateau::ReduceOnPlateau(ReduceOnPlateauOptions options, SourceLine line) : options_(std::move(options)), line_(line) {}

void ReduceOnPlateau::on_fit_begin(Training& training) {
  plateau_.emplace(PlateauOptions{.learning_rate = training.optimizer().learning_rate(),
                                  .maximize = training.better(options_.monitor) == Better::larger,
                                  .factor = options_.factor,
                                  .patience = options_.patience,
                                  .threshold = options_.threshold,
                                  .absolute_threshold = options_.absolute_threshold,
                                  .cooldown = options_.cooldown,
                                  .min_learning_rate = options_.min_learning_rate,
                                  .epsilon = options_.epsilon},
                   line_);
}

void ReduceOnPlateau::on_epoch_end(Training& training) {
  const double before = plateau_->learning_rate();
  const double after = plateau_->step(watched(training, options_.monitor));
  if (after == before) return;
  Optimizer& optimizer = training.optimizer();
  for (std::size_t group = 0; group < optimizer.group_count(); ++group)
    optimizer.set_group_learning_rate(group, group == 0 ? after : optimizer.learning_rate(group) * (after / before));
}

LearningRateSchedule::LearningRateSchedule(Schedule schedule, Per per, SourceLine line) : schedule_(std::move(schedule)), per_(per) {
  if (schedule_ == nullptr) throw_invalid("LearningRateSchedule", "got no schedule", line);
}

void LearningRateSchedule::on_epoch_begin(Training& training) {
  if (per_ == Per::epoch) training.optimizer().set_learning_rate(schedule_(training.epoch() - 1));
}

void LearningRateSchedule::on_step_begin(Training& training) {
  if (per_ == Per::step) training.optimizer().set_learning_rate(schedule_(training.step()));
}

Checkpoint::Checkpoint(std::string path, CheckpointOptions options, SourceLine line)
    : path_(std::move(path)), options_(std::move(options)) {
  if (path_.empty()) throw_invalid("Checkpoint", "got no path", line);
  if (options_.every < 1) throw_invalid("Checkpoint", text("every is ", options_.every, ", expected at least 1"), line);
}

void Checkpoint::on_fit_begin(Training& training) {
  best_ = std::numeric_limits<double>::quiet_NaN();
  if (!options_.monitor.empty()) sign_ = sign_of(training, options_.monitor);
  check_writable(with_epoch(path_, 1));
}

void Checkpoint::on_epoch_end(Training& training) {
  if (training.epoch() % options_.every != 0) return;
  if (!options_.monitor.empty()) {
    const double value = sign_ * watched(training, options_.monitor);
    if (!improves(value, best_, 0)) return;
    best_ = value;
  }
  save(training.module(), with_epoch(path_, training.epoch()));
}

CsvLog::CsvLog(std::string path, SourceLine line) : path_(std::move(path)) {
  if (path_.empty()) throw_invalid("CsvLog", "got no path", line);
}

void CsvLog::on_fit_begin(Training& training) {
  check_writable(path_);
  text_ = "epoch";
  for (const std::string& name : training.recorded()) {
    // A custom metric may have any name.
    const bool plain = name.find_first_of(",\"\r\n") == std::string::npos;
    text_ += ',';
    if (plain) {
      text_ += name;
      continue;
    }
    text_ += '"';
    for (const char letter : name) text_ += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    text_ += '"';
  }
  text_ += '\n';
}

void CsvLog::on_epoch_end(Training& training) {
  text_ += std::to_string(training.epoch());
  for (const auto& [name, value] : training.history().epochs.back()) {
    char digits[32];
    const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, value);
    text_ += ',';
    text_.append(digits, end.ptr);
  }
  text_ += '\n';
  write_whole_file(path_, text_);
}

void AverageWeights::on_fit_begin(Training& training) { average_.emplace(training.optimizer().parameters(), options_, line_); }

void AverageWeights::on_step_end(Training&) { average_->update(); }

void AverageWeights::on_validation_begin(Training&) { average_->apply(); }

void AverageWeights::on_epoch_ended(Training&) { average_->restore(); }

void AverageWeights::on_fit_end(Training& training) {
  if (average_ && !average_->applied() && training.step() > 0) average_->apply();
  average_.reset();
}

}  // namespace chainrule::nn
