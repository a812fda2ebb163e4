// Decides whether loops run on several threads or on one, from what recent forks cost.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <chrono>

namespace chainrule::kernels {

/// Decides whether the next loop of one thread forks, that is, runs on several threads. A fork usually takes a microsecond, but
/// milliseconds while another program or virtual machine uses one of the processors. After a loop that took longer than its pieces would
/// have taken one after another, loops run serially for as long as was lost, and for twice as long after each further loss in a row, up to
/// 0.3 s: losses then stay small beside the time between them.
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
    constexpr microseconds kSlack{20}, kSlackToWake{300};  // loss that still counts as normal, for awake and for sleeping threads
    constexpr microseconds kAwake{500};                    // threads idle for longer may have gone to sleep
    constexpr microseconds kUnbroken{300};                 // too short for another program to have run in between
    constexpr microseconds kLongest{300000};
    constexpr int kMostDoublings = 6, kWatched = 64;
    const auto lost = end - begin - in_a_row;
    const bool awake = begin - last_ < kAwake;
    last_ = end;
    watched_ = end - begin < kUnbroken ? std::max(watched_ - 1, 0) : kWatched;
    if (lost <= (awake ? kSlack : kSlackToWake)) {
      if (lost < -kSlack) doublings_ = std::max(doublings_ - 1, 0);
      return;
    }
    serial_until_ = end + std::min<Clock::duration>(lost * (1 << doublings_), kLongest);
    doublings_ = std::min(doublings_ + 1, kMostDoublings);
  }

 private:
  Clock::time_point serial_until_{}, last_{};
  int doublings_ = 0, watched_ = 0;
};

}  // namespace chainrule::kernels
