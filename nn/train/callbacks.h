// The callbacks of the library.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "nn/optim/ema.h"
#include "nn/optim/plateau.h"
#include "nn/optim/schedule.h"
#include "nn/train/callback.h"

namespace chainrule::nn {

/// When an EarlyStopping stops.
struct EarlyStoppingOptions {
  /// What is watched; which way it improves is known from the loss or metric.
  std::string monitor = "val_loss";
  /// Ends after so many epochs in a row without improvement; 0 is as 1.
  std::int64_t patience = 5;
  /// Only a change by more than this is an improvement.
  double min_delta = 0;
  /// The first epoch, from 1, that counts.
  std::int64_t start_from_epoch = 1;
};

/// Ends a training that no longer improves, and leaves the module with the weights of the best epoch however it ends: History::best_epoch
/// says which. NaN is worse than anything.
class EarlyStopping : public Callback {
 public:
  using Options = EarlyStoppingOptions;

  /// @throws std::invalid_argument for a patience below 0, a min_delta that is negative or not finite, or a start_from_epoch below 1.
  explicit EarlyStopping(EarlyStoppingOptions options = {}, SourceLine line = SourceLine::current());

  /// @throws std::invalid_argument where what it watches is not recorded.
  void on_fit_begin(Training& training) override;
  void on_epoch_end(Training& training) override;

  /// The best epoch so far and what was watched there; 0 and NaN before any.
  std::int64_t best_epoch() const noexcept { return best_epoch_; }
  double best() const noexcept { return best_; }

 private:
  EarlyStoppingOptions options_;
  double sign_ = 1;  // of what is to be small
  double best_ = std::numeric_limits<double>::quiet_NaN();
  std::int64_t best_epoch_ = 0;
  std::int64_t waited_ = 0;
};

/// What ReduceOnPlateau is told; as torch.optim.lr_scheduler.ReduceLROnPlateau.
struct ReduceOnPlateauOptions {
  /// What is watched; which way it improves is known from the loss or metric.
  std::string monitor = "val_loss";
  /// As in PlateauOptions.
  double factor = 0.1;
  std::int64_t patience = 10;
  double threshold = 1e-4;
  bool absolute_threshold = false;
  std::int64_t cooldown = 0;
  double min_learning_rate = 0;
  double epsilon = 1e-8;
};

/// Lowers the learning rate, at first the optimizer's, where an epoch's metric no longer gets better: see Plateau. Groups keep the ratio of
/// their learning rates.
class ReduceOnPlateau : public Callback {
 public:
  using Options = ReduceOnPlateauOptions;

  /// A training begins by checking the options.
  explicit ReduceOnPlateau(ReduceOnPlateauOptions options = {}, SourceLine line = SourceLine::current());

  /// @throws std::invalid_argument where what it watches is not recorded.
  void on_fit_begin(Training& training) override;
  void on_epoch_end(Training& training) override;

 private:
  ReduceOnPlateauOptions options_;
  std::optional<Plateau> plateau_;
  SourceLine line_;
};

/// Sets the learning rate of all groups by a schedule, at each step or at each epoch; both count from 0.
class LearningRateSchedule : public Callback {
 public:
  /// What a schedule counts.
  enum class Per { step, epoch };

  /// @throws std::invalid_argument for an empty function.
  explicit LearningRateSchedule(Schedule schedule, Per per = Per::step, SourceLine line = SourceLine::current());

  void on_epoch_begin(Training& training) override;
  void on_step_begin(Training& training) override;

 private:
  Schedule schedule_;
  Per per_;
};

/// When a Checkpoint writes.
struct CheckpointOptions {
  /// Writes only where this improves; empty: after every epoch.
  std::string monitor = {};
  /// Writes after every so many epochs; with a monitor too.
  std::int64_t every = 1;
};

/// Writes the weights with nn::save(). `{epoch}` in the path becomes the epoch's number, so that none is overwritten.
class Checkpoint : public Callback {
 public:
  using Options = CheckpointOptions;

  /// @throws std::invalid_argument for an empty path or `every` below 1.
  explicit Checkpoint(std::string path, CheckpointOptions options = {}, SourceLine line = SourceLine::current());

  /// @throws std::invalid_argument where what it watches is not recorded.
  void on_fit_begin(Training& training) override;
  /// @throws std::runtime_error where the file cannot be written.
  void on_epoch_end(Training& training) override;

 private:
  std::string path_;
  CheckpointOptions options_;
  double sign_ = 1;
  double best_ = std::numeric_limits<double>::quiet_NaN();
};

/// Writes all that is recorded as comma-separated values, a row for each epoch under a row of names; after each epoch the file is whole.
class CsvLog : public Callback {
 public:
  /// @throws std::invalid_argument for an empty path.
  explicit CsvLog(std::string path, SourceLine line = SourceLine::current());

  void on_fit_begin(Training& training) override;
  /// @throws std::runtime_error where the file cannot be written.
  void on_epoch_end(Training& training) override;

 private:
  std::string path_;
  std::string text_;
};

/// Averages the weights over the steps (EMA); epochs are validated with the averages, and the module is left with them.
class AverageWeights : public Callback {
 public:
  /// @throws std::invalid_argument as EMA, when the training begins.
  explicit AverageWeights(const EMAOptions& options = {}, SourceLine line = SourceLine::current()) : options_(options), line_(line) {}

  void on_fit_begin(Training& training) override;
  void on_step_end(Training& training) override;
  void on_validation_begin(Training& training) override;
  void on_epoch_ended(Training& training) override;
  void on_fit_end(Training& training) override;

 private:
  EMAOptions options_;
  SourceLine line_;
  std::optional<EMA> average_;
};

/// Calls a function of one's own after each epoch: `nn::EpochFunction([](nn::Training& t) { if (...) t.stop("..."); })`.
class EpochFunction : public Callback {
 public:
  /// To be called with the training.
  explicit EpochFunction(std::function<void(Training&)> function) : function_(std::move(function)) {}
  void on_epoch_end(Training& training) override {
    const UserCodeScope user;
    if (function_) function_(training);
  }

 private:
  std::function<void(Training&)> function_;
};

}  // namespace chainrule::nn
