// Decides whether loops run on several threads or on one, from the recent cost of forks and from the time of whole steps.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace chainrule::kernels {

/// Decides from the recent forks of one thread whether its next loop should fork, that is, run on several threads. A fork usually takes a
/// microsecond, but it takes milliseconds while another program (or another virtual machine) uses one of the processors. After a loop that
/// took longer than its pieces would have taken one after another, loops run serially for a while. If forks have recently saved more than
/// twice the time lost, this pause is four times the time lost. Otherwise it grows with every further loss, up to 64 times the time lost or
/// 0.3 s, so that losses stay small compared to the pauses between them. A loss also includes the milliseconds for which OpenMP's threads
/// spin afterwards.
class ForkPolicy {
 public:
  using Clock = std::chrono::steady_clock;

  /// Returns true if loops should run serially now.
  bool advises_serial(Clock::time_point now) const { return now < serial_until_; }

  /// Returns true if the caller's pieces should be timed in processor time, which leaves out the time of other programs. That takes a
  /// system call each time, and is not needed while forks are shorter than the interruption by another program.
  bool watches() const { return watched_ > 0; }

  /// Records a fork from `begin` to `end`. `in_a_row` is the time that all pieces would have taken one after another, estimated from the
  /// caller's own pieces.
  void add(Clock::time_point begin, Clock::time_point end, Clock::duration in_a_row) {
    using std::chrono::microseconds;
    constexpr microseconds kAwake{500};                    // threads idle for longer may have gone to sleep
    constexpr microseconds kSlack{20}, kSlackToWake{300};  // loss that still counts as normal, for awake and for sleeping threads
    constexpr microseconds kUnbroken{300};                 // too short for another program to have run in between
    constexpr Clock::duration kMostSaved = microseconds{10000}, kLongest = microseconds{300000};
    constexpr int kMostDoublings = 6, kWatched = 64;
    const auto lost = end - begin - in_a_row;
    const bool awake = begin - last_ < kAwake, known = watches() || end - begin < kUnbroken;
    last_ = end;
    watched_ = end - begin < kUnbroken ? std::max(watched_ - 1, 0) : kWatched;
    if (lost <= (awake ? kSlack : kSlackToWake)) {
      if (known) saved_ = std::min(saved_ - std::min(lost, Clock::duration{0}), kMostSaved);
      return;
    }
    if (saved_ > 2 * lost) {
      saved_ -= lost;
      doublings_ = 0;
    } else {
      saved_ = {};
      doublings_ = std::min(doublings_ + 1, kMostDoublings);
    }
    serial_until_ = end + std::max(4 * lost, std::min(lost * (1 << doublings_), kLongest));
  }

 private:
  Clock::time_point serial_until_{}, last_{};
  Clock::duration saved_{};
  int doublings_ = 0, watched_ = 0;
};

/// Decides from the time of whole steps of run_steps(), which are much alike, whether the steps use several threads. From time to time it
/// tries the other way for a few steps and keeps the faster way until the next trial. This finds what no single loop shows: processors that
/// the host of a virtual machine has taken away, or that slow each other down, like the two hardware threads of one core.
class StepPolicy {
 public:
  using Duration = std::chrono::nanoseconds;

  /// Starts another run_steps(). The times of earlier steps are dropped, but the way that was faster is kept.
  void begin_loop() noexcept {
    steps_ = 0;
    if (trying_) start(false);
  }

  /// Returns true if the next step should run its loops on several threads.
  bool shares() const noexcept { return sharing_ != trying_; }

  /// Records the time of the step for which shares() was asked.
  void add(Duration step) noexcept {
    time_ += step;
    times_[steps_++ % kRemembered] = step;
    if (!trying_ && steps_ >= kRemembered && time_ >= until_trial_) {
      settled_ = median_of_last(kRemembered);
      start(true);
    } else if (trying_ && time_ >= kTrial && (steps_ >= kTrialSteps || time_ >= 6 * kTrialSteps * settled_)) {
      // The first half of the trial does not count: threads were going to sleep or waking up.
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

  // Returns the median of the last `count` steps: the smallest time that more than half of them do not exceed.
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
  std::size_t steps_ = 0;  // steps of this run_steps() since a trial began or ended
  Duration time_{};        // time since a trial began or ended
  Duration until_trial_ = kFirstTrial, settled_{};
  std::array<Duration, kRemembered> times_{};
};

}  // namespace chainrule::kernels
