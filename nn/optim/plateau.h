// Plateau: a learning rate that falls where a metric no longer gets better.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "autograd/base/caller.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// As torch.optim.lr_scheduler.ReduceLROnPlateau.
struct PlateauOptions {
  /// Before the first fall.
  double learning_rate = 1e-3;
  /// Whether a larger metric is the better one ("max").
  bool maximize = false;
  /// The learning rate falls to factor times itself.
  double factor = 0.1;
  /// Metrics in a row, no better than the best, that are put up with.
  std::int64_t patience = 10;
  /// Better is below best·(1 - threshold), above best·(1 + threshold) to maximize, or by more than `threshold` where absolute.
  double threshold = 1e-4;
  bool absolute_threshold = false;
  /// Metrics after a fall that do not count as bad.
  std::int64_t cooldown = 0;
  double min_learning_rate = 0;
  /// A fall by no more than this is left out.
  double epsilon = 1e-8;
};

/// `optimizer.set_learning_rate(plateau.step(metric))` after each epoch.
class Plateau {
 public:
  using Options = PlateauOptions;

  /// @throws std::invalid_argument for an option that is negative or not finite, or a factor of 1 or more.
  explicit Plateau(const PlateauOptions& options = {}, SourceLine line = SourceLine::current());

  /// The learning rate after a metric. NaN is no better than anything.
  double step(double metric);
  double learning_rate() const noexcept { return learning_rate_; }

  /// "learning_rate", "best" (float64), "bad" and "cooldown" (int64).
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Goes on from a state.
  /// @throws std::invalid_argument unless it is one that state() gives.
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
