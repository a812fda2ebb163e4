// Whether steps run on several threads or on one, with simulated times.
#include "autograd/parallel/fork_policy.h"

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>

namespace chainrule::test {
namespace {

using kernels::StepPolicy;
using Duration = StepPolicy::Duration;
using namespace std::chrono_literals;

struct Times {
  Duration shared, alone;
};

// Simulates steps for the given time; every tenth takes five times as long. Returns the fraction of time spent the slower way.
double share_of_slower(StepPolicy& judge, const Times& times, Duration how_long) {
  Duration all{}, slower{};
  for (std::int64_t step = 0; all < how_long; ++step) {
    const bool shares = judge.shares();
    const Duration time = (shares ? times.shared : times.alone) * (step % 10 == 9 ? 5 : 1);
    judge.add(time);
    all += time;
    if (shares == (times.shared > times.alone)) slower += time;
  }
  return static_cast<double>(slower.count()) / static_cast<double>(all.count());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(step_policy)

BOOST_AUTO_TEST_CASE(the_first_steps_share) {
  StepPolicy judge;
  for (int step = 0; step < 10; ++step) {
    BOOST_TEST(judge.shares());
    judge.add(1ms);
  }
}

BOOST_AUTO_TEST_CASE(the_faster_way_stays) {
  for (const Times& times : {Times{60us, 100us}, {180us, 320us}, {4ms, 8ms}, {130us, 98us}, {10us, 6us}, {3ms, 1ms}}) {
    StepPolicy judge;
    share_of_slower(judge, times, 2s);
    BOOST_TEST(share_of_slower(judge, times, 20s) < 0.06, times.shared.count() << " ns shared, " << times.alone.count() << " alone");
  }
}

BOOST_AUTO_TEST_CASE(a_small_difference_changes_nothing) {
  StepPolicy judge;
  BOOST_TEST(share_of_slower(judge, {100us, 98us}, 10s) > 0.97);
}

BOOST_AUTO_TEST_CASE(the_next_loop_begins_the_way_that_was_faster) {
  StepPolicy judge;
  share_of_slower(judge, {130us, 98us}, 1s);
  judge.begin_loop();
  BOOST_TEST(!judge.shares());
  BOOST_TEST(share_of_slower(judge, {260us, 196us}, 1s) < 0.03);
  judge.begin_loop();
  share_of_slower(judge, {100us, 196us}, 1s);
  judge.begin_loop();
  BOOST_TEST(judge.shares());
}

BOOST_AUTO_TEST_CASE(a_trial_that_is_far_slower_ends_early) {
  StepPolicy judge;
  share_of_slower(judge, {130us, 98us}, 1s);
  int trials = 0, shared = 0;
  for (Duration all{}; all < 20s;) {
    const bool shares = judge.shares();
    const Duration time = shares ? Duration(4ms) : Duration(100us);
    judge.add(time);
    all += time;
    shared += shares ? 1 : 0;
    trials += shares && !judge.shares() ? 1 : 0;
  }
  BOOST_TEST(trials > 10);
  BOOST_TEST(shared == trials);
}

BOOST_AUTO_TEST_CASE(a_change_is_found_within_a_second) {
  StepPolicy judge;
  const Times quiet{60us, 100us}, busy{130us, 100us};
  for (int round = 0; round < 3; ++round) {
    share_of_slower(judge, quiet, 1s);
    BOOST_TEST(share_of_slower(judge, quiet, 1s) < 0.03);
    share_of_slower(judge, busy, 1s);
    BOOST_TEST(share_of_slower(judge, busy, 1s) < 0.03);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
