// Whether steps are faster with threads or without.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace chainrule::kernels {

/// Judges by whole steps of a loop, which are much alike: now and then some are made the other way, and the faster way stays until the next
/// such trial. It finds what no single loop shows: processors that are lent away, or that slow each other down, as two of one core do.
class StepJudge {
 public:
  using Duration = std::chrono::nanoseconds;

  /// Another loop begins: the times of steps before say nothing of its steps, but which way was faster does.
  void begin_loop() noexcept {
    steps_ = 0;
    if (trying_) start(false);
  }

  /// Whether the next step is to share its loops.
  bool shares() const noexcept { return sharing_ != trying_; }

  /// The step that shares() spoke of took so long.
  void add(Duration step) noexcept {
    time_ += step;
    times_[steps_++ % kRemembered] = step;
    if (!trying_ && steps_ >= kRemembered && time_ >= until_trial_) {
      settled_ = median_of_last(kRemembered);
      start(true);
    } else if (trying_ && time_ >= kTrial && (steps_ >= kTrialSteps || time_ >= 6 * kTrialSteps * settled_)) {
      // The first half was for threads to go to sleep or to wake up.
      const bool faster = steps_ >= kTrialSteps && median_of_last(std::min(steps_ / 2, kRemembered)) * 100 < settled_ * 97;
      sharing_ = sharing_ != faster;
      until_trial_ = std::max(kBetweenTrials, time_ * (sharing_ ? 100 : 20));  // trials cost little, and bad times pass
      start(false);
    }
  }

 private:
  static constexpr std::size_t kRemembered = 16, kTrialSteps = 4;
  static constexpr Duration kTrial = std::chrono::milliseconds(2), kFirstTrial = std::chrono::milliseconds(100),
                            kBetweenTrials = std::chrono::milliseconds(250);

  void start(bool trying) noexcept {
    trying_ = trying;
    steps_ = 0;
    time_ = {};
  }

  // The least time that more than half of them do not exceed.
  Duration median_of_last(std::size_t count) const noexcept {
    const auto last = [this](std::size_t i) { return times_[(steps_ - 1 - i) % kRemembered]; };
    Duration median = Duration::max();
    for (std::size_t i = 0; i < count; ++i) {
      std::size_t not_above = 0;
      for (std::size_t j = 0; j < count; ++j) not_above += last(j) <= last(i) ? 1 : 0;
      if (2 * not_above > count) median = std::min(median, last(i));
    }
    return median;
  }

  bool sharing_ = true, trying_ = false;
  std::size_t steps_ = 0;  // of this loop, since a trial began or ended
  Duration time_{};        // since a trial began or ended
  Duration until_trial_ = kFirstTrial, settled_{};
  std::array<Duration, kRemembered> times_{};
};

}  // namespace chainrule::kernels
