// The callbacks of the library: EarlyStopping, ReduceOnPlateau, LearningRateSchedule, Checkpoint, CsvLog, AverageWeights and EpochFunction.
// (callback.h has their base class.)
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

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of EarlyStopping.
struct EarlyStoppingOptions {
  /// The name of the recorded loss or metric to monitor. Whether smaller or larger values are better is known from the loss or metric.
  std::string monitor = "val_loss";
  /// The number of consecutive epochs without improvement after which the training ends; 0 has the same effect as 1.
  std::int64_t patience = 5;
  /// A change must be larger than this to count as an improvement. Finite and at least 0.
  double min_delta = 0;
  /// The first epoch that is considered, counted from 1. Earlier epochs are ignored.
  std::int64_t start_from_epoch = 1;
};

/// Ends a training when a loss or metric stops improving. However the training ends, the module has the weights of the best epoch
/// afterwards, and History::best_epoch is its number. NaN is worse than any number.
class EarlyStopping : public Callback {
 public:
  /// The type of the constructor's options.
  using Options = EarlyStoppingOptions;

  /// Makes the callback.
  /// @throws std::invalid_argument for a patience below 0, a min_delta that is negative or not finite, or a start_from_epoch below 1.
  explicit EarlyStopping(EarlyStoppingOptions options = {}, SourceLine line = SourceLine::current());

  /// Prepares for a new training.
  /// @throws std::invalid_argument if the monitored value is not recorded.
  void on_fit_begin(Training& training) override;
  /// Keeps the weights of the module after an improvement, or ends the training.
  void on_epoch_end(Training& training) override;

  /// Returns the best epoch so far, counted from 1; 0 before the first.
  std::int64_t best_epoch() const noexcept { return best_epoch_; }
  /// Returns the monitored value of the best epoch; NaN before the first.
  double best() const noexcept { return best_; }

 private:
  EarlyStoppingOptions options_;
  double sign_ = 1;  // -1 if larger values are better
  double best_ = std::numeric_limits<double>::quiet_NaN();
  std::int64_t best_epoch_ = 0;
  std::int64_t waited_ = 0;
};

/// Options of ReduceOnPlateau, with the meaning they have in torch.optim.lr_scheduler.ReduceLROnPlateau.
struct ReduceOnPlateauOptions {
  /// The name of the recorded loss or metric to monitor. Whether smaller or larger values are better is known from the loss or metric.
  std::string monitor = "val_loss";
  /// See PlateauOptions::factor.
  double factor = 0.1;
  /// See PlateauOptions::patience.
  std::int64_t patience = 10;
  /// See PlateauOptions::threshold.
  double threshold = 1e-4;
  /// See PlateauOptions::absolute_threshold.
  bool absolute_threshold = false;
  /// See PlateauOptions::cooldown.
  std::int64_t cooldown = 0;
  /// See PlateauOptions::min_learning_rate.
  double min_learning_rate = 0;
  /// See PlateauOptions::epsilon.
  double epsilon = 1e-8;
};

/// Reduces the learning rate of the optimizer when a loss or metric stops improving; see Plateau. The learning rates of several parameter
/// groups keep their ratio.
class ReduceOnPlateau : public Callback {
 public:
  /// The type of the constructor's options.
  using Options = ReduceOnPlateauOptions;

  /// Makes the callback. The options are checked when a training begins.
  explicit ReduceOnPlateau(ReduceOnPlateauOptions options = {}, SourceLine line = SourceLine::current());

  /// Starts with the current learning rate of the optimizer.
  /// @throws std::invalid_argument if the monitored value is not recorded, or if an option is outside its range.
  void on_fit_begin(Training& training) override;
  /// Reduces the learning rate if necessary.
  void on_epoch_end(Training& training) override;

 private:
  ReduceOnPlateauOptions options_;
  std::optional<Plateau> plateau_;
  SourceLine line_;
};

/// Sets the learning rate of all parameter groups by a schedule.
class LearningRateSchedule : public Callback {
 public:
  /// What the schedule counts; both counts start at 0.
  enum class Per {
    step,  ///< optimizer steps
    epoch  ///< epochs
  };

  /// Makes the callback.
  /// @throws std::invalid_argument for an empty function.
  explicit LearningRateSchedule(Schedule schedule, Per per = Per::step, SourceLine line = SourceLine::current());

  /// Sets the learning rate of the epoch, for Per::epoch.
  void on_epoch_begin(Training& training) override;
  /// Sets the learning rate of the step, for Per::step.
  void on_step_begin(Training& training) override;

 private:
  Schedule schedule_;
  Per per_;
};

/// Options of Checkpoint.
struct CheckpointOptions {
  /// The name of the recorded loss or metric to monitor: the file is written only after an improvement. Empty: it is written without this
  /// condition.
  std::string monitor = {};
  /// Only every `every`-th epoch is considered; at least 1.
  std::int64_t every = 1;
};

/// Saves the weights with nn::save(). `{epoch}` in the path is replaced by the number of the epoch, which avoids that a later epoch
/// overwrites the file.
class Checkpoint : public Callback {
 public:
  /// The type of the constructor's options.
  using Options = CheckpointOptions;

  /// Makes the callback.
  /// @throws std::invalid_argument for an empty path or for `every` below 1.
  explicit Checkpoint(std::string path, CheckpointOptions options = {}, SourceLine line = SourceLine::current());

  /// Prepares for a new training, and checks that the file can be written.
  /// @throws std::invalid_argument if the monitored value is not recorded.
  /// @throws std::runtime_error if the file cannot be written.
  void on_fit_begin(Training& training) override;
  /// Writes the file if necessary.
  /// @throws std::runtime_error if the file cannot be written.
  void on_epoch_end(Training& training) override;

 private:
  std::string path_;
  CheckpointOptions options_;
  double sign_ = 1;
  double best_ = std::numeric_limits<double>::quiet_NaN();
};

/// Writes everything that is recorded as comma-separated values: a row of names, and one row for each epoch. The file is replaced
/// atomically after each epoch, so it is always complete.
class CsvLog : public Callback {
 public:
  /// Makes the callback.
  /// @throws std::invalid_argument for an empty path.
  explicit CsvLog(std::string path, SourceLine line = SourceLine::current());

  /// Starts a new table, and checks that the file can be written.
  /// @throws std::runtime_error if the file cannot be written.
  void on_fit_begin(Training& training) override;
  /// Writes the table with the row of this epoch.
  /// @throws std::runtime_error if the file cannot be written.
  void on_epoch_end(Training& training) override;

 private:
  std::string path_;
  std::string text_;
};

/// Averages the weights over the steps, see EMA. Epochs are validated with the averages, and the module has them after the training.
class AverageWeights : public Callback {
 public:
  /// Makes the callback. The options are checked when a training begins.
  explicit AverageWeights(const EMAOptions& options = {}, SourceLine line = SourceLine::current()) : options_(options), line_(line) {}

  /// Starts new averages.
  /// @throws std::invalid_argument as the constructor of EMA.
  void on_fit_begin(Training& training) override;
  /// Updates the averages.
  void on_step_end(Training& training) override;
  /// Gives the module the averages.
  void on_validation_begin(Training& training) override;
  /// Gives the module the trained weights again.
  void on_epoch_ended(Training& training) override;
  /// Gives the module the averages, if at least one step was taken.
  void on_fit_end(Training& training) override;

 private:
  EMAOptions options_;
  SourceLine line_;
  std::optional<EMA> average_;
};

/// Calls a custom function after each epoch: `nn::EpochFunction([](nn::Training& t) { if (...) t.stop("..."); })`.
class EpochFunction : public Callback {
 public:
  /// Makes the callback. An empty function is not called.
  explicit EpochFunction(std::function<void(Training&)> function) : function_(std::move(function)) {}
  /// Calls the function. Errors that occur in it name the line in the function.
  void on_epoch_end(Training& training) override {
    const UserCodeScope user;
    if (function_) function_(training);
  }

 private:
  std::function<void(Training&)> function_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
