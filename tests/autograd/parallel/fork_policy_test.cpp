// When loops fork and when they run serially, with times made up.
#include "autograd/parallel/fork_policy.h"

#include <boost/test/unit_test.hpp>
#include <chrono>

namespace chainrule::test {
namespace {

using kernels::ForkPolicy;
using Time = ForkPolicy::Clock::time_point;
using Duration = ForkPolicy::Clock::duration;
using namespace std::chrono_literals;

constexpr Time kStart{1h};

// Loops one after another, each of which would take `in_a_row` serially and `forked` on several threads. Returns the part of the time by
// which forks made it longer than serial loops would have been.
double share_lost(ForkPolicy& policy, Time& now, Duration in_a_row, Duration forked, Duration how_long) {
  const Time begin = now;
  Duration serial{};
  while (now - begin < how_long) {
    if (policy.advises_serial(now)) {
      now += in_a_row;
    } else {
      policy.add(now, now + forked, in_a_row);
      now += forked;
    }
    serial += in_a_row;
  }
  return static_cast<double>((now - begin - serial).count()) / static_cast<double>(serial.count());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fork_policy)

BOOST_AUTO_TEST_CASE(forks_that_save_time_go_on) {
  ForkPolicy policy;
  Time now = kStart;
  BOOST_TEST(!policy.advises_serial(now));
  BOOST_TEST(share_lost(policy, now, 200us, 100us, 100ms) < -0.45);  // twice as fast, all the time
  BOOST_TEST(!policy.advises_serial(now));
}

BOOST_AUTO_TEST_CASE(a_loss_within_the_slack_counts_for_nothing) {
  ForkPolicy policy;
  policy.add(kStart, kStart + 110us, 100us);          // woke up: up to 300 us are normal
  policy.add(kStart + 120us, kStart + 239us, 100us);  // awake: up to 20 us are
  BOOST_TEST(!policy.advises_serial(kStart + 240us));
}

BOOST_AUTO_TEST_CASE(each_loss_in_a_row_doubles_the_time_without_forks) {
  ForkPolicy policy;
  Time now = kStart;
  for (const Duration pause : {1ms, 2ms, 4ms, 8ms, 16ms, 32ms, 64ms, 64ms}) {  // six doublings at most
    policy.add(now, now + 2ms, 1ms);
    now += 2ms;
    BOOST_TEST(policy.advises_serial(now + pause - 1us));
    BOOST_TEST(!policy.advises_serial(now + pause));
    now += pause;
  }
  policy.add(now, now + 101ms, 1ms);
  BOOST_TEST(!policy.advises_serial(now + 101ms + 300ms));  // and 0.3 s at most
  BOOST_TEST(policy.advises_serial(now + 101ms + 299ms));
}

BOOST_AUTO_TEST_CASE(forks_that_save_time_again_shorten_the_next_pause) {
  ForkPolicy policy;
  Time now = kStart;
  for (int i = 0; i < 3; ++i) {
    policy.add(now, now + 2ms, 1ms);
    now += 10ms;
  }
  for (int i = 0; i < 3; ++i, now += 100us) policy.add(now, now + 100us, 190us);
  policy.add(now, now + 2ms, 1ms);
  BOOST_TEST(!policy.advises_serial(now + 2ms + 1ms));  // as after a first loss
}

BOOST_AUTO_TEST_CASE(forks_that_always_lose_cost_little) {
  ForkPolicy policy;
  Time now = kStart;
  share_lost(policy, now, 100us, 3ms, 1s);  // until the pauses are as long as they get
  BOOST_TEST(share_lost(policy, now, 100us, 3ms, 10s) < 0.02);
}

BOOST_AUTO_TEST_CASE(forks_return_when_they_save_time_again) {
  ForkPolicy policy;
  Time now = kStart;
  share_lost(policy, now, 100us, 3ms, 5s);
  BOOST_TEST(share_lost(policy, now, 200us, 100us, 2s) < -0.35);  // at most 0.3 s went by without them
}

BOOST_AUTO_TEST_CASE(processor_time_is_asked_for_after_long_forks) {
  ForkPolicy policy;
  policy.add(kStart, kStart + 100us, 180us);
  BOOST_TEST(!policy.watches());
  policy.add(kStart, kStart + 400us, 700us);
  for (int i = 0; i < 64; ++i) {
    BOOST_TEST(policy.watches());
    policy.add(kStart, kStart + 100us, 180us);
  }
  BOOST_TEST(!policy.watches());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
