// Callback: what may look at a training and take part in it as it goes.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "nn/metrics/metric.h"
#include "nn/module/module.h"
#include "nn/optim/optimizer.h"
#include "nn/train/history.h"

namespace chainrule::nn {

/// A training as its callbacks see it.
class Training {
 public:
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  /// What is trained, and by what.
  Module& module() const noexcept { return *module_; }
  Optimizer& optimizer() const noexcept { return *optimizer_; }
  /// Of the epochs that ended; in on_epoch_end the last one is the epoch that ends.
  const History& history() const noexcept { return history_; }

  /// The epoch under way, from 1, of how many.
  std::int64_t epoch() const noexcept { return epoch_; }
  std::int64_t epochs() const noexcept { return epochs_; }
  /// The optimizer's steps so far in this training, and in an epoch.
  std::int64_t step() const noexcept { return step_; }
  std::int64_t steps_per_epoch() const noexcept { return steps_per_epoch_; }
  /// The loss of the last step.
  double step_loss() const noexcept { return step_loss_; }

  /// The names that each epoch records.
  const std::vector<std::string>& recorded() const noexcept { return recorded_; }
  /// Which way the number of that name improves.
  /// @throws std::invalid_argument for a name that is not recorded, listing those that are.
  Better better(std::string_view name) const;

  /// Ends the training after the running step, or before the first; `reason` is for History.
  void stop(std::string reason);
  /// Remembers parameters and buffers as they are now: the training will leave the module with the last ones remembered, however it ends,
  /// and `history().best_epoch` is this epoch.
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

/// Base of all callbacks; each function does nothing by itself. Called in the order the callbacks were given, on the thread of fit(). What
/// one throws ends the training and leaves fit().
class Callback {
 public:
  virtual ~Callback() = default;

  /// Before the first epoch; the place to refuse what cannot work.
  virtual void on_fit_begin(Training&) {}
  virtual void on_epoch_begin(Training&) {}
  /// Before the gradients of a step are computed: the place to set the learning rate.
  virtual void on_step_begin(Training&) {}
  /// After the optimizer's step.
  virtual void on_step_end(Training&) {}
  /// After the last step of an epoch, before its validation, also where there is none.
  virtual void on_validation_begin(Training&) {}
  /// After the validation, once the epoch is recorded.
  virtual void on_epoch_end(Training&) {}
  /// After on_epoch_end of all callbacks.
  virtual void on_epoch_ended(Training&) {}
  /// At the end, also where something was thrown. What is thrown here is lost then.
  virtual void on_fit_end(Training&) {}

 protected:
  Callback() = default;
  Callback(Callback&&) = default;
  Callback& operator=(Callback&&) = default;
};

/// A callback in a list: made from one by moving it in, or from a pointer that the caller keeps too, to look at it afterwards.
class SharedCallback {
 public:
  /// Of a callback moved in, or of a pointer to one.
  template <class C>
  requires(std::derived_from<C, Callback> && !std::is_lvalue_reference_v<C>) SharedCallback(C&& callback)
      : callback_(std::make_shared<C>(std::move(callback))) {}
  template <std::derived_from<Callback> C>
  SharedCallback(std::shared_ptr<C> callback) : callback_(std::move(callback)) {}

  /// Null only if made from such a pointer.
  Callback* get() const noexcept { return callback_.get(); }
  Callback* operator->() const noexcept { return callback_.get(); }

 private:
  std::shared_ptr<Callback> callback_;
};

}  // namespace chainrule::nn
