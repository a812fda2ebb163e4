// EMA: running averages of parameters, to evaluate with.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/graph/tensor.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// How long an EMA remembers.
struct EMAOptions {
  /// What an update keeps of the average, 0 or more and below 1.
  double decay = 0.999;
};

/// average ← decay·average + (1 - decay)·parameter at each update(), at the first average ← parameter: torch.optim.swa_utils.AveragedModel
/// with that avg_fn.
class EMA {
 public:
  using Options = EMAOptions;

  /// @throws std::invalid_argument for no parameters, one that is undefined, no leaf or int64, or a decay out of its range.
  explicit EMA(std::vector<Tensor> parameters, const EMAOptions& options = {}, SourceLine line = SourceLine::current());

  /// Takes the parameters' values into the averages; call it after each step.
  /// @throws std::logic_error while the averages are applied.
  void update(SourceLine line = SourceLine::current());

  /// Gives the parameters the averages as values, until restore().
  /// @throws std::logic_error where that is so already.
  void apply(SourceLine line = SourceLine::current());
  /// Gives the parameters back the values they had before apply().
  /// @throws std::logic_error unless the averages are applied.
  void restore(SourceLine line = SourceLine::current());
  bool applied() const noexcept { return applied_; }

  /// The averages, in the order of the parameters; the trained values while applied().
  const std::vector<Tensor>& averages() const noexcept { return averages_; }

  /// "updates" (int64) and "0.average", "1.average", ...
  /// @throws std::logic_error while the averages are applied.
  std::vector<NamedTensor> state(SourceLine line = SourceLine::current()) const;
  /// Makes a copy of a state the one to go on from.
  /// @throws std::invalid_argument for a name, shape or dtype that does not belong here, or one that is missing; std::logic_error while
  /// the averages are applied.
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
