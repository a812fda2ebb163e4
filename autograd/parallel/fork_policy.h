// Whether loops run on several threads or on one: judged by what forks cost recently, and by the time of whole steps.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace chainrule::kernels {

/// One thread's experience with its forks. A fork takes a microsecond, but milliseconds while the processor that a thread waits on is lent
/// away or has another program's work. After loops that were slower than their pieces in a row, loops stay serial for a while: four times
/// the time lost while forks have saved more of late, else the longer the more such losses came in a row, so that what they cost stays
/// small beside the time between them: that time itself, and the milliseconds that OpenMP's threads then spin for.
class ForkPolicy {
 public:
  using Clock = std::chrono::steady_clock;

  bool advises_serial(Clock::time_point now) const { return now < serial_until_; }

  /// Whether the caller's pieces are to be timed by its processor time, in which other programs' is not: a call of the system each time,
  /// and needless while forks are shorter than what a program is interrupted for.
  bool watches() const { return watched_ > 0; }

  /// The loops took from `begin` to `end`; in a row, to go by the caller's own pieces, they would have taken so long.
  void add(Clock::time_point begin, Clock::time_point end, Clock::duration in_a_row) {
    using std::chrono::microseconds;
    constexpr microseconds kAwake{500};                    // threads that had nothing to do for longer may have gone to sleep
    constexpr microseconds kSlack{20}, kSlackToWake{300};  // what a fork may lose
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

/// Judges by whole steps of a loop, which are much alike: now and then some are made the other way, and the faster way stays until the next
/// such trial. It finds what no single loop shows: processors that are lent away, or that slow each other down, as two of one core do.
class StepPolicy {
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
