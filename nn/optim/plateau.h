// Plateau: reduces the learning rate when a metric stops improving. (ReduceOnPlateau in callbacks.h is the callback that uses it.)
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "autograd/base/caller.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Plateau, with the meaning and defaults they have in torch.optim.lr_scheduler.ReduceLROnPlateau, which differs for negative
/// metrics: see `threshold`.
struct PlateauOptions {
  /// The initial learning rate.
  double learning_rate = 1e-3;
  /// True: larger metrics are better (PyTorch: mode="max"). False: smaller ones are.
  bool maximize = false;
  /// The learning rate is multiplied by this factor when it is reduced; 0 <= factor < 1.
  double factor = 0.1;
  /// The number of consecutive metrics without improvement that are tolerated. The next one reduces the learning rate.
  std::int64_t patience = 10;
  /// A metric is an improvement if it is better than the best by more than threshold·|best|; with absolute_threshold, by more than
  /// threshold. (PyTorch: by more than threshold·best, so that metrics below 0 that stay the same or get worse are improvements.)
  double threshold = 1e-4;
  /// True: threshold is an absolute difference. False: it is relative to the best metric.
  bool absolute_threshold = false;
  /// The number of metrics after a reduction that are not counted as being without improvement.
  std::int64_t cooldown = 0;
  /// The learning rate is never reduced below this value.
  double min_learning_rate = 0;
  /// A reduction by this much or less is not made.
  double epsilon = 1e-8;
};

/// Computes the learning rate from a metric; call `optimizer.set_learning_rate(plateau.step(metric))` after each epoch.
class Plateau {
 public:
  /// The type of the constructor's options.
  using Options = PlateauOptions;

  /// Starts with options.learning_rate.
  /// @throws std::invalid_argument if an option is negative or not finite, or if factor is 1 or more.
  explicit Plateau(const PlateauOptions& options = {}, SourceLine line = SourceLine::current());

  /// Takes the metric of an epoch into account and returns the learning rate for the next one. NaN is never an improvement.
  double step(double metric);
  /// Returns the current learning rate.
  double learning_rate() const noexcept { return learning_rate_; }

  /// Returns the state: "learning_rate" and "best" (float64), "bad" and "cooldown" (int64).
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Continues from a state.
  /// @throws std::invalid_argument if an entry is missing, has another dtype, or has an invalid value.
  void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current());

 private:
  bool is_better(double metric) const;

  PlateauOptions options_;
  double learning_rate_;
  double best_;
  std::int64_t bad_ = 0;
  std::int64_t cooldown_ = 0;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
