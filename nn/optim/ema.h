// EMA: an exponential moving average of parameters, for evaluation.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/module.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of EMA.
struct EMAOptions {
  /// The weight of the old average in an update; 0 <= decay < 1.
  double decay = 0.999;
};

/// The exponential moving average of a list of parameters. The first update() sets average ← parameter, later ones set average ←
/// decay·average + (1 - decay)·parameter, as torch.optim.swa_utils.AveragedModel with such an avg_fn.
class EMA {
 public:
  /// The type of the constructor's options.
  using Options = EMAOptions;

  /// Makes averages of the given parameters.
  /// @throws std::invalid_argument if there are no parameters, if a parameter is undefined, is not a leaf or is int64, or if decay is
  /// outside its range.
  explicit EMA(std::vector<Tensor> parameters, const EMAOptions& options = {}, SourceLine line = SourceLine::current());

  /// Updates the averages with the current values of the parameters. Call it after each step of the optimizer.
  /// @throws std::logic_error while the averages are applied.
  void update(SourceLine line = SourceLine::current());

  /// Swaps the values of the parameters and the averages, so that the model can be evaluated with the averages. restore() swaps them back.
  /// @throws std::logic_error if the averages are already applied.
  void apply(SourceLine line = SourceLine::current());
  /// Gives the parameters the values that they had before apply().
  /// @throws std::logic_error unless the averages are applied.
  void restore(SourceLine line = SourceLine::current());
  /// Returns true between apply() and restore().
  bool applied() const noexcept { return applied_; }

  /// Returns the averages in the order of the parameters. While applied(), it returns the trained values instead.
  const std::vector<Tensor>& averages() const noexcept { return averages_; }

  /// Returns the state: "updates" (int64) and "0.average", "1.average", ...
  /// @throws std::logic_error while the averages are applied.
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Continues from a state, whose values are copied.
  /// @throws std::invalid_argument if the state has a missing or additional entry, or an entry of another shape or dtype.
  /// @throws std::logic_error while the averages are applied.
  void load_state(const std::vector<NamedTensor>& state, SourceLine line = SourceLine::current());

 private:
  void require_not_applied(const char* op, const SourceLine& line) const;
  void swap_values();

  std::vector<Tensor> parameters_;
  std::vector<Tensor> averages_;
  double decay_;
  std::int64_t updates_ = 0;
  bool applied_ = false;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
