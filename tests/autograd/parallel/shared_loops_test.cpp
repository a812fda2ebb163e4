// What threads share while they run loops together, with plain threads in OpenMP's place: ThreadSanitizer sees these.
#include "autograd/parallel/shared_loops.h"
#include "autograd/parallel/kept_threads.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using kernels::KeptThreads;
using kernels::Loop;
using kernels::range_body;
using kernels::SharedLoops;
using Clock = std::chrono::steady_clock;

// Threads 1 and up that serve until the end of the scope.
class Team {
 public:
  explicit Team(int threads) : running_(threads) {
    for (int thread = 1; thread < threads; ++thread) {
      others_.emplace_back([this, thread] {
        running_.count_down();
        kept_.serve(thread);
      });
    }
    running_.arrive_and_wait();
  }
  ~Team() {
    kept_.release();
    for (std::thread& other : others_) other.join();
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  void run(const std::vector<Loop>& loops) {
    SharedLoops shared(loops, static_cast<int>(others_.size()) + 1);
    kept_.run(shared, Clock::now);
    shared.rethrow();
  }

 private:
  KeptThreads kept_;
  std::latch running_;
  std::vector<std::thread> others_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_loops_threads)

// What one loop's pieces write is read by other pieces in the next loop, behind the barrier and in the next run: plain values, no atomics.
BOOST_AUTO_TEST_CASE(pieces_see_what_came_before) {
  for (const int threads : {1, 2, 3, 8}) {
    Team team(threads);
    constexpr std::size_t kCount = 24;
    std::vector<std::int64_t> x(kCount), y(kCount), z(kCount);
    const auto each = [](auto body) {
      return [body](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) body(static_cast<std::size_t>(i));
      };
    };
    const auto first = each([&](std::size_t i) { x[i] += static_cast<std::int64_t>(i); });
    const auto second = each([&](std::size_t i) { y[i] = x[kCount - 1 - i]; });
    const auto third = each([&](std::size_t i) { z[i] = y[kCount - 1 - i] + x[(i + 1) % kCount]; });
    for (std::int64_t round = 1; round <= 300; ++round) {
      team.run({{kCount, 3, range_body(first)}, {kCount, 5, range_body(second), true}, {kCount, 2, range_body(third), true}});
      bool right = true;
      for (std::size_t i = 0; i < kCount; ++i)
        right = right && z[i] == round * static_cast<std::int64_t>(i) + round * static_cast<std::int64_t>((i + 1) % kCount);
      BOOST_TEST(right, threads << " threads, round " << round);
    }
  }
}

BOOST_AUTO_TEST_CASE(threads_that_sleep_are_woken_and_released) {
  Team team(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    Meeting meeting;
    std::atomic<int> met{0};
    const auto body = [&](std::int64_t, std::int64_t) { met += meeting.come() ? 1 : 0; };
    team.run({{2, 1, range_body(body)}});
    BOOST_TEST(met == 2);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

BOOST_AUTO_TEST_CASE(loops_last_until_the_other_thread_has_left) {
  Team team(2);
  const auto self = std::this_thread::get_id();
  for (int round = 0; round < 20; ++round) {
    Meeting meeting;
    bool written = false;
    const auto body = [&](std::int64_t, std::int64_t) {
      meeting.come();
      if (std::this_thread::get_id() == self) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      written = true;
    };
    team.run({{2, 1, range_body(body)}});
    BOOST_TEST(written);
  }
}

BOOST_AUTO_TEST_CASE(no_thread_need_come) {
  std::vector<int> done(7);
  const auto body = [&](std::int64_t begin, std::int64_t) { ++done[static_cast<std::size_t>(begin)]; };
  const std::vector<Loop> loops{{7, 1, range_body(body)}, {7, 1, range_body(body), true}};
  SharedLoops shared(loops, 4);
  shared.work_as_caller(Clock::now);
  BOOST_TEST(done == std::vector<int>(7, 2));
}

BOOST_AUTO_TEST_CASE(a_thread_that_comes_when_all_is_done_finds_nothing) {
  int pieces = 0;
  const auto body = [&](std::int64_t, std::int64_t) { ++pieces; };
  const std::vector<Loop> loops{{5, 1, range_body(body)}, {5, 1, range_body(body), true}};
  SharedLoops shared(loops, 2);
  shared.work_as_caller(Clock::now);
  shared.work(1);
  BOOST_TEST(pieces == 10);
}

BOOST_AUTO_TEST_CASE(a_thread_too_many_gets_nothing) {
  int pieces = 0;
  const auto body = [&](std::int64_t, std::int64_t) { ++pieces; };
  const std::vector<Loop> loops{{5, 1, range_body(body)}};
  SharedLoops shared(loops, 2);
  shared.work(2);
  BOOST_TEST(pieces == 0);
  shared.work_as_caller(Clock::now);
  BOOST_TEST(pieces == 5);
}

BOOST_AUTO_TEST_CASE(the_first_exception_leaves_and_ends_what_waits) {
  for (const int threads : {1, 2, 3}) {
    Team team(threads);
    for (int round = 0; round < 50; ++round) {
      std::vector<int> after(4);
      const auto thrower = [](std::int64_t begin, std::int64_t) {
        if (begin >= 2) throw std::runtime_error("piece " + std::to_string(begin));
      };
      const auto last = [&](std::int64_t begin, std::int64_t) { ++after[static_cast<std::size_t>(begin)]; };
      std::string message;
      try {
        team.run({{6, 1, range_body(thrower)}, {4, 1, range_body(last), true}});
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      BOOST_TEST(message == "piece 2");
      BOOST_TEST(after == std::vector<int>(4, 0));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
