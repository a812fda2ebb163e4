// Callback: the base class of callbacks, which observe a training and influence it. (callbacks.h has the callbacks of the library.)
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "autograd/base/printable.h"
#include "nn/metrics/metric.h"
#include "nn/module/module.h"
#include "nn/optim/optimizer.h"
#include "nn/train/history.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// The training in progress, as callbacks see it.
class Training {
 public:
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  /// Returns the module that is trained.
  Module& module() const noexcept { return *module_; }
  /// Returns the optimizer.
  Optimizer& optimizer() const noexcept { return *optimizer_; }
  /// Returns the measurements of all completed epochs. In on_epoch_end, the last entry is that of the current epoch.
  const History& history() const noexcept { return history_; }

  /// Returns the current epoch, counted from 1.
  std::int64_t epoch() const noexcept { return epoch_; }
  /// Returns the number of epochs that are planned.
  std::int64_t epochs() const noexcept { return epochs_; }
  /// Returns the number of optimizer steps taken in this training.
  std::int64_t step() const noexcept { return step_; }
  /// Returns the number of optimizer steps in an epoch.
  std::int64_t steps_per_epoch() const noexcept { return steps_per_epoch_; }
  /// Returns the loss of the last step; NaN if none of its examples counts in the loss, because all labels are ignored.
  double step_loss() const noexcept { return detail::unsigned_nan(step_loss_); }

  /// Returns the names of all values that are recorded for each epoch.
  const std::vector<std::string>& recorded() const noexcept { return recorded_; }
  /// Returns which values of a recorded loss or metric are better.
  /// @throws std::invalid_argument if there is no loss or metric of this name; the message lists those that are recorded.
  Better better(std::string_view name) const;

  /// Ends the training after the current step; before the first step, if called from on_fit_begin. `reason` is stored in History::reason.
  void stop(std::string reason);
  /// Stores a copy of all parameters and buffers. When the training ends, for whatever reason, the module gets the values that were stored
  /// last, and history().best_epoch is the epoch in which they were stored.
  void keep_weights();

 private:
  friend class Trainer;
  Training() = default;

  Module* module_ = nullptr;
  Optimizer* optimizer_ = nullptr;
  History history_;
  std::int64_t epoch_ = 0, epochs_ = 0, step_ = 0, steps_per_epoch_ = 0;
  double step_loss_ = 0;
  std::vector<std::string> recorded_;
  std::vector<std::pair<std::string, Better>> directions_;
  std::vector<NamedTensor> kept_;
  bool stopped_ = false;
};

/// The base class of all callbacks. The default implementations do nothing. The functions are called on the thread of fit(), in the order
/// in which the callbacks are listed in the options. An exception from a callback ends the training and leaves fit().
class Callback {
 public:
  /// Destructor.
  virtual ~Callback() = default;

  /// Called before the first epoch. Throw here if the callback cannot work.
  virtual void on_fit_begin(Training&) {}
  /// Called at the beginning of each epoch.
  virtual void on_epoch_begin(Training&) {}
  /// Called before the gradients of a step are computed. This is the place to set the learning rate.
  virtual void on_step_begin(Training&) {}
  /// Called after the step of the optimizer.
  virtual void on_step_end(Training&) {}
  /// Called after the last step of an epoch and before its validation, also if there is no validation.
  virtual void on_validation_begin(Training&) {}
  /// Called after the validation, when the measurements of the epoch have been added to history().
  virtual void on_epoch_end(Training&) {}
  /// Called after on_epoch_end of all callbacks.
  virtual void on_epoch_ended(Training&) {}
  /// Called at the end of the training, also if it ends with an exception. In that case, an exception thrown here is discarded.
  virtual void on_fit_end(Training&) {}

 protected:
  /// Constructor for derived classes.
  Callback() = default;
  /// Callbacks can be moved, but not copied.
  Callback(Callback&&) = default;
  /// Callbacks can be moved, but not copied.
  Callback& operator=(Callback&&) = default;
};

/// A callback in a list of options. It is made either from a callback, which is moved in, or from a shared pointer, which the caller can
/// keep to look at the callback after the training.
class SharedCallback {
 public:
  /// Moves a callback in.
  template <class C>
  requires(std::derived_from<C, Callback> && !std::is_lvalue_reference_v<C>) SharedCallback(C&& callback)
      : callback_(std::make_shared<C>(std::move(callback))) {}
  /// Shares a callback.
  template <std::derived_from<Callback> C>
  SharedCallback(std::shared_ptr<C> callback) : callback_(std::move(callback)) {}

  /// Returns the callback; null if it was made from a null pointer.
  Callback* get() const noexcept { return callback_.get(); }
  /// Accesses a member of the callback.
  Callback* operator->() const noexcept { return callback_.get(); }

 private:
  std::shared_ptr<Callback> callback_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
