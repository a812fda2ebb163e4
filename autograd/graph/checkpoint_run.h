// The runs of functions given to checkpoint(): which leaves they write, and that a second run does not write them again.
// Internal header: not installed.
#pragma once

#include <span>
#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::detail {

/// A run of a function given to checkpoint(), in this thread.
class CheckpointRun {
 public:
  /// Starts the first run, which notes the leaves that assign() and fill() write.
  [[nodiscard]] CheckpointRun() noexcept;
  /// Starts a second run, in which assign() and fill() skip the leaves that the first run noted.
  [[nodiscard]] explicit CheckpointRun(std::span<const Tensor> written) noexcept;
  ~CheckpointRun();
  CheckpointRun(const CheckpointRun&) = delete;
  CheckpointRun& operator=(const CheckpointRun&) = delete;

  /// Returns true inside a second run.
  static bool recomputing() noexcept;
  /// Notes that this thread is about to write the leaf. Returns true if the write is to be skipped. Call it only inside a run.
  static bool skips_write(const Tensor& leaf);

  /// Returns the leaves that the first run has written and that something else refers to. Those that the function made for itself are gone
  /// once its results are.
  std::vector<Tensor> take_written();

 private:
  CheckpointRun* const outer_;
  const bool first_;
  const bool recomputing_;                 // this run or one around it is a second run
  const std::span<const Tensor> skipped_;  // by a second run
  std::vector<Tensor> written_;            // by a first run
};

}  // namespace chainrule::detail
