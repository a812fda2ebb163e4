// Loops over pieces: where the cuts lie, nesting, exceptions, and the limit on threads.
#include "autograd/parallel/parallel.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "autograd/parallel/float_mode.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using kernels::Loop;
using kernels::parallel_loops;
using kernels::parallel_pieces;
using kernels::range_body;
using kernels::set_thread_limit;
using kernels::thread_limit;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(parallel_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE(cuts_depend_on_count_and_grain_alone) {
  for (const int threads : {1, 2, 3, 8}) {
    set_thread_limit(threads);
    BOOST_TEST_CONTEXT("threads " << threads) {
      BOOST_TEST(pieces_of(0, 4).empty());
      BOOST_TEST(pieces_of(-1, 4).empty());
      BOOST_TEST((pieces_of(4, 4) == std::set<Range>{{0, 4}}));
      BOOST_TEST((pieces_of(10, 4) == std::set<Range>{{0, 4}, {4, 8}, {8, 10}}));
      BOOST_TEST((pieces_of(5, 4) == std::set<Range>{{0, 3}, {3, 5}}));
      BOOST_TEST((pieces_of(100352, 32768) == std::set<Range>{{0, 25088}, {25088, 50176}, {50176, 75264}, {75264, 100352}}));
      BOOST_TEST((pieces_of(10001, 5001) == std::set<Range>{{0, 5001}, {5001, 10001}}));
      BOOST_TEST((pieces_of(10001, 8000) == std::set<Range>{{0, 5056}, {5056, 10001}}));
      BOOST_TEST((pieces_of(3, 1) == std::set<Range>{{0, 1}, {1, 2}, {2, 3}}));
      BOOST_TEST((pieces_of(3, 0) == std::set<Range>{{0, 1}, {1, 2}, {2, 3}}));
      BOOST_TEST(pieces_of(1000, 7).size() == 143U);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_largest_count_is_cut_without_overflow) {
  for (const int threads : {1, 2}) {
    set_thread_limit(threads);
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t kThird = (kMost / 3 / 64 + 1) * 64;
    BOOST_TEST((pieces_of(kMost, kMost / 2) == std::set<Range>{{0, kThird}, {kThird, 2 * kThird}, {2 * kThird, kMost}}));
  }
}

BOOST_AUTO_TEST_CASE(several_loops_run_each_piece_once) {
  for (const int threads : {1, 2, 3, 8}) {
    set_thread_limit(threads);
    for (const std::size_t count : {0U, 1U, 2U, 16U, 17U, 40U}) {
      BOOST_TEST_CONTEXT("threads " << threads << ", loops " << count) {
        std::mutex mutex;
        std::vector<std::set<Range>> seen(count);
        const auto note = [&](std::size_t loop) {
          return [&, loop](std::int64_t begin, std::int64_t end) {
            const std::lock_guard lock(mutex);
            BOOST_TEST(seen[loop].emplace(begin, end).second);
          };
        };
        std::vector<decltype(note(0))> bodies;
        for (std::size_t i = 0; i < count; ++i) bodies.push_back(note(i));
        std::vector<Loop> loops;
        for (std::size_t i = 0; i < count; ++i) loops.push_back({static_cast<std::int64_t>(i % 3) * 5, 4, range_body(bodies[i])});
        parallel_loops(loops);
        for (std::size_t i = 0; i < count; ++i) {
          if (i % 3 == 0) BOOST_TEST(seen[i].empty());
          if (i % 3 == 1) BOOST_TEST((seen[i] == std::set<Range>{{0, 3}, {3, 5}}));
          if (i % 3 == 2) BOOST_TEST((seen[i] == std::set<Range>{{0, 4}, {4, 8}, {8, 10}}));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_loop_after_all_waits_for_the_pieces_before_it) {
  for (const int threads : {1, 2, 3, 8}) {
    set_thread_limit(threads);
    for (int round = 0; round < 200; ++round) {
      std::atomic<int> done{0}, early{0};
      const auto first = [&](std::int64_t begin, std::int64_t end) { done += static_cast<int>(end - begin); };
      const auto second = [&](std::int64_t, std::int64_t) { early += done == 12 ? 0 : 1; };
      parallel_loops(std::vector<Loop>{{5, 1, range_body(first)}, {7, 1, range_body(first)}, {6, 1, range_body(second), true}});
      BOOST_TEST(done == 12);
      BOOST_TEST(early == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(loops_wait_also_behind_an_empty_loop_and_in_a_later_fork) {
  for (const int threads : {1, 2, 3}) {
    set_thread_limit(threads);
    for (const std::size_t before : {1U, 15U, 16U, 17U}) {
      for (int round = 0; round < 20; ++round) {
        std::atomic<int> done{0}, early{0};
        const int all = static_cast<int>(3 * before);
        const auto first = [&](std::int64_t, std::int64_t) {
          std::this_thread::yield();
          ++done;
        };
        const auto second = [&](std::int64_t, std::int64_t) { early += done == all ? 0 : 1; };
        std::vector<Loop> loops(before, Loop{3, 1, range_body(first)});
        loops.push_back({0, 1, range_body(first), true});
        loops.push_back({4, 1, range_body(second)});
        loops.push_back({4, 1, range_body(second)});
        parallel_loops(loops);
        BOOST_TEST(done == all);
        BOOST_TEST(early == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(loops_that_do_not_pay_stay_on_the_calling_thread) {
  set_thread_limit(4);
  const auto self = std::this_thread::get_id();
  int pieces = 0, strangers = 0;
  const auto body = [&](std::int64_t, std::int64_t) {
    ++pieces;
    strangers += std::this_thread::get_id() == self ? 0 : 1;
  };
  parallel_loops(std::vector<Loop>{{20, 1, range_body(body)}, {20, 1, range_body(body), true}}, false);
  BOOST_TEST(pieces == 40);
  BOOST_TEST(strangers == 0);
}

BOOST_AUTO_TEST_CASE(of_several_loops_the_exception_of_the_first_leaves) {
  for (const int threads : {1, 2, 8}) {
    set_thread_limit(threads);
    for (int round = 0; round < 50; ++round) {
      const auto thrower = [](const char* text) {
        return [text](std::int64_t begin, std::int64_t) {
          if (begin == 3) throw std::runtime_error(text);
        };
      };
      const auto first = thrower("first"), second = thrower("second");
      std::atomic<int> after{0};
      const auto last = [&](std::int64_t, std::int64_t) { ++after; };
      std::string message;
      try {
        parallel_loops(std::vector<Loop>{{6, 1, range_body(first)}, {6, 1, range_body(second)}, {4, 1, range_body(last), true}});
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      BOOST_TEST(message == "first");
      BOOST_TEST(after == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_loop_inside_a_loop_runs_on_its_thread) {
  set_thread_limit(4);
  std::atomic<int> sum{0}, strangers{0};
  parallel_pieces(8, 1, [&](std::int64_t, std::int64_t) {
    const auto self = std::this_thread::get_id();
    parallel_pieces(10, 1, [&](std::int64_t begin, std::int64_t end) {
      if (std::this_thread::get_id() != self) ++strangers;
      sum += static_cast<int>(end - begin);
    });
  });
  BOOST_TEST(sum == 80);
#ifdef _OPENMP
  BOOST_TEST(strangers == 0);
#endif
}

BOOST_AUTO_TEST_CASE(the_exception_of_the_first_piece_that_throws_leaves) {
  for (const int threads : {1, 2, 8}) {
    set_thread_limit(threads);
    for (int round = 0; round < 50; ++round) {
      std::string message;
      try {
        parallel_pieces(40, 1, [](std::int64_t begin, std::int64_t) {
          if (begin % 10 == 7) throw std::runtime_error("piece " + std::to_string(begin));
        });
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      BOOST_TEST(message == "piece 7");
    }
    BOOST_TEST(pieces_of(10, 1).size() == 10U);
  }
}

BOOST_AUTO_TEST_CASE(many_threads_may_run_loops_at_once) {
  set_thread_limit(3);
  std::atomic<std::int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&sum] {
      for (int round = 0; round < 50; ++round) {
        parallel_pieces(100, 9, [&sum](std::int64_t begin, std::int64_t end) {
          for (std::int64_t j = begin; j < end; ++j) sum += j;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  BOOST_TEST(sum == 4 * 50 * 4950);
}

#if defined(__SSE2__) || defined(__aarch64__)
BOOST_AUTO_TEST_CASE(pieces_run_in_the_mode_of_the_caller) {
  set_thread_limit(4);
  const float smallest = std::numeric_limits<float>::min();
  const auto zeros = [&] {
    std::atomic<int> count{0};
    parallel_pieces(400, 1, [&](std::int64_t, std::int64_t) {
      volatile float x = smallest;
      x = x * 0.5F;
      count += x == 0 ? 1 : 0;
    });
    return count.load();
  };
  BOOST_TEST(zeros() == 0);
  {
    const kernels::FloatModeScope flush(kernels::flushing());
    BOOST_TEST(zeros() == 400);
  }
  BOOST_TEST(zeros() == 0);
}
#endif

BOOST_AUTO_TEST_CASE(the_limit_bounds_the_threads_and_is_at_least_one) {
  for (const int threads : {1, 2, 3}) {
    set_thread_limit(threads);
    BOOST_TEST(thread_limit() == threads);
    std::mutex mutex;
    std::set<std::thread::id> seen;
    parallel_pieces(100, 1, [&](std::int64_t, std::int64_t) {
      const std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
    BOOST_TEST(seen.size() <= static_cast<std::size_t>(threads));
  }
  set_thread_limit(0);
  BOOST_TEST(thread_limit() == 1);
}

#ifdef _OPENMP
BOOST_AUTO_TEST_CASE(the_host_keeps_its_openmp_settings) {
  const int before = omp_get_max_threads();
  set_thread_limit(5);
  parallel_pieces(10, 1, [](std::int64_t, std::int64_t) {});
  BOOST_TEST(omp_get_max_threads() == before);
}

BOOST_AUTO_TEST_CASE(loops_stay_serial_for_a_while_after_threads_made_one_slower) {
  using std::chrono::milliseconds;
  using Clock = std::chrono::steady_clock;
  set_thread_limit(2);
  const auto self = std::this_thread::get_id();
  const auto strangers = [self] {
    std::atomic<int> count{0};
    parallel_pieces(50, 1, [&](std::int64_t, std::int64_t) { count += std::this_thread::get_id() != self ? 1 : 0; });
    return count.load();
  };
  bool seen = false;
  for (int attempt = 0; attempt < 100 && !seen; ++attempt) {  // a busy machine may spoil some
    std::atomic<bool> other{false};
    parallel_pieces(2, 1, [&](std::int64_t, std::int64_t) {  // the caller waits long for the other thread
      if (std::this_thread::get_id() != self) {
        other = true;
        std::this_thread::sleep_for(milliseconds(20));
        return;
      }
      const auto give_up = Clock::now() + milliseconds(2);
      while (!other && Clock::now() < give_up) std::this_thread::yield();
    });
    const auto begin = Clock::now();
    kernels::set_always_fork(false);
    const int count = strangers();
    kernels::set_always_fork(true);
    if (!other || Clock::now() - begin > milliseconds(10)) continue;
    BOOST_TEST(count == 0);
    seen = true;
  }
  BOOST_TEST(seen);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
