// What forks have cost a thread of late, and whether they are worth another.
#pragma once

#include <algorithm>
#include <chrono>

namespace chainrule::kernels {

/// One thread's experience with its forks. A fork takes a microsecond, but milliseconds while the processor that a thread waits on is lent
/// away or has another program's work. After loops that were slower than their pieces in a row, loops stay serial for a while: four times
/// the loss while forks have saved more of late, else the longer the more such losses came in a row, so that what they cost stays small
/// beside the time between them: the loss itself, and the milliseconds that OpenMP's threads then spin for.
class ForkRecord {
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
    const auto loss = end - begin - in_a_row;
    const bool awake = begin - last_ < kAwake, known = watches() || end - begin < kUnbroken;
    last_ = end;
    watched_ = end - begin < kUnbroken ? std::max(watched_ - 1, 0) : kWatched;
    if (loss <= (awake ? kSlack : kSlackToWake)) {
      if (known) saved_ = std::min(saved_ - std::min(loss, Clock::duration{0}), kMostSaved);
      return;
    }
    if (saved_ > 2 * loss) {
      saved_ -= loss;
      doublings_ = 0;
    } else {
      saved_ = {};
      doublings_ = std::min(doublings_ + 1, kMostDoublings);
    }
    serial_until_ = end + std::max(4 * loss, std::min(loss * (1 << doublings_), kLongest));
  }

 private:
  Clock::time_point serial_until_{}, last_{};
  Clock::duration saved_{};
  int doublings_ = 0, watched_ = 0;
};

}  // namespace chainrule::kernels
