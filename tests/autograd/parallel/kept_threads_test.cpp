// Threads kept from step to step: each piece once, exceptions, steps within steps, and how OpenMP sees them.
#include "autograd/parallel/kept_threads.h"

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
#include "autograd/parallel/parallel.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using kernels::Loop;
using kernels::parallel_loops;
using kernels::parallel_pieces;
using kernels::range_body;
using kernels::set_thread_limit;
using kernels::thread_limit;

// step(0), step(1), ... until one returns false.
template <class F>
void run_steps(F&& step) {
  auto next = [&step, i = 0]() mutable { return step(i++); };
  kernels::run_steps({&next, [](void* object) { return (*static_cast<decltype(next)*>(object))(); }});
}

// Two loops, for which threads are kept.
void share_loops() {
  for (int i = 0; i < 2; ++i) parallel_pieces(8, 1, [](std::int64_t, std::int64_t) {});
}

#ifdef _OPENMP
constexpr bool kKeeps = true;
bool threads_are_kept() { return omp_in_parallel() != 0; }
#else
constexpr bool kKeeps = false;
bool threads_are_kept() { return false; }
#endif

}  // namespace

BOOST_FIXTURE_TEST_SUITE(steps_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE(each_step_runs_once_until_one_is_the_last) {
  for (const int threads : {1, 2, 3, 8}) {
    set_thread_limit(threads);
    std::vector<int> steps;
    run_steps([&](int step) {
      BOOST_TEST(threads_are_kept() == (kKeeps && threads > 1 && step > 0));
      BOOST_TEST((pieces_of(10, 4) == std::set<Range>{{0, 4}, {4, 8}, {8, 10}}));
      BOOST_TEST(pieces_of(1000, 7).size() == 143U);
      steps.push_back(step);
      return step < 20;
    });
    BOOST_TEST(steps.size() == 21U);
    BOOST_TEST(steps.back() == 20);
    BOOST_TEST(!threads_are_kept());
  }
}

#ifdef _OPENMP
BOOST_AUTO_TEST_CASE(threads_that_were_kept_take_pieces_also_after_a_sleep) {
  set_thread_limit(2);
  run_steps([&](int step) {
    share_loops();
    if (step > 2) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    Meeting meeting;
    std::atomic<int> met{0};
    parallel_pieces(2, 1, [&](std::int64_t, std::int64_t) { met += meeting.come() ? 1 : 0; });
    BOOST_TEST(met == 2);
    return step < 5;
  });
}

// Code in a step that was written for a team of its own, or for none.
BOOST_AUTO_TEST_CASE(openmp_in_a_step_sees_a_team_of_one) {
  set_thread_limit(2);
  const int before = omp_get_max_threads();
  run_steps([&](int step) {
    share_loops();
    int rounds = 0, singles = 0, regions = 0;
#pragma omp for
    for (int i = 0; i < 100; ++i) ++rounds;
#pragma omp single
    ++singles;
#pragma omp barrier
#pragma omp parallel
#pragma omp atomic
    ++regions;
    BOOST_TEST(rounds == 100);
    BOOST_TEST(singles == 1);
    if (threads_are_kept() && omp_get_max_active_levels() == 1) BOOST_TEST(regions == 1);
    return step < 5;
  });
  BOOST_TEST(omp_get_max_threads() == before);
}
#endif

BOOST_AUTO_TEST_CASE(a_loop_after_all_waits_for_pieces_of_kept_threads) {
  for (const int threads : {2, 3, 8}) {
    set_thread_limit(threads);
    run_steps([](int step) {
      std::atomic<int> done{0}, early{0}, late{0};
      const auto first = [&](std::int64_t begin, std::int64_t end) { done += static_cast<int>(end - begin); };
      const auto second = [&](std::int64_t, std::int64_t) { early += done == 12 ? 0 : 1, ++late; };
      parallel_loops(std::vector<Loop>{{5, 1, range_body(first)}, {7, 1, range_body(first)}, {6, 1, range_body(second), true}});
      BOOST_TEST(done == 12);
      BOOST_TEST(early == 0);
      BOOST_TEST(late == 6);
      share_loops();
      return step < 300;
    });
  }
}

BOOST_AUTO_TEST_CASE(what_a_piece_wrote_is_seen_after_its_loop) {
  set_thread_limit(3);
  std::vector<std::int64_t> values(64), sums(64);
  run_steps([&](int step) {
    parallel_pieces(64, 1, [&](std::int64_t begin, std::int64_t) { values[static_cast<std::size_t>(begin)] = step + begin; });
    parallel_pieces(64, 1, [&](std::int64_t begin, std::int64_t) {
      sums[static_cast<std::size_t>(begin)] = values[static_cast<std::size_t>(63 - begin)] + values[static_cast<std::size_t>(begin)];
    });
    bool right = true;
    for (const std::int64_t sum : sums) right = right && sum == 2 * step + 63;
    BOOST_TEST(right);
    return step < 2000;
  });
}

BOOST_AUTO_TEST_CASE(steps_that_share_little_keep_no_threads) {
  set_thread_limit(2);
  run_steps([](int step) {
    BOOST_TEST(threads_are_kept() == (kKeeps && (step == 2 || step == 3)));
    if (step == 1 || step == 2) share_loops();
    if (step == 5) parallel_pieces(8, 1, [](std::int64_t, std::int64_t) {});
    return step < 7;
  });
}

BOOST_AUTO_TEST_CASE(a_new_limit_holds_from_the_next_step_on) {
  set_thread_limit(2);
  run_steps([](int step) {
    if (step == 3) set_thread_limit(1);
    if (step == 6) set_thread_limit(3);
    std::mutex mutex;
    std::set<std::thread::id> seen;
    parallel_pieces(100, 1, [&](std::int64_t, std::int64_t) {
      const std::lock_guard lock(mutex);
      seen.insert(std::this_thread::get_id());
    });
    BOOST_TEST(seen.size() <= static_cast<std::size_t>(thread_limit()));
    share_loops();
    return step < 10;
  });
}

BOOST_AUTO_TEST_CASE(exceptions_of_pieces_and_steps_leave) {
  for (const int threads : {1, 2, 8}) {
    set_thread_limit(threads);
    for (const int last : {0, 1, 5}) {
      for (const bool in_piece : {false, true}) {
        std::string message;
        int steps = 0;
        try {
          run_steps([&](int step) {
            share_loops();
            ++steps;
            if (step == last && !in_piece) throw std::runtime_error("step");
            parallel_pieces(40, 1, [&](std::int64_t begin, std::int64_t) {
              if (step == last && begin % 10 == 7) throw std::runtime_error("piece " + std::to_string(begin));
            });
            return true;
          });
        } catch (const std::runtime_error& error) {
          message = error.what();
        }
        BOOST_TEST(message == (in_piece ? "piece 7" : "step"));
        BOOST_TEST(steps == last + 1);
        BOOST_TEST(!threads_are_kept());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_step_goes_on_after_an_exception_that_it_catches) {
  set_thread_limit(3);
  int caught = 0;
  run_steps([&](int step) {
    share_loops();
    try {
      parallel_pieces(6, 1, [](std::int64_t begin, std::int64_t) {
        if (begin == 4) throw std::runtime_error("four");
      });
    } catch (const std::runtime_error&) {
      ++caught;
    }
    BOOST_TEST(pieces_of(10, 1).size() == 10U);
    return step < 10;
  });
  BOOST_TEST(caught == 11);
}

BOOST_AUTO_TEST_CASE(loops_and_steps_inside_a_piece_run_on_its_thread) {
  set_thread_limit(4);
  run_steps([](int step) {
    share_loops();
    std::atomic<int> sum{0}, strangers{0};
    parallel_pieces(8, 1, [&](std::int64_t, std::int64_t) {
      const auto self = std::this_thread::get_id();
      const auto add = [&](std::int64_t begin, std::int64_t end) {
        strangers += std::this_thread::get_id() != self ? 1 : 0;
        sum += static_cast<int>(end - begin);
      };
      run_steps([&](int inner) {
        parallel_pieces(10, 1, add);
        parallel_pieces(10, 1, add);
        return inner < 2;
      });
    });
    BOOST_TEST(sum == 8 * 3 * 20);
    if (kKeeps) BOOST_TEST(strangers == 0);
    return step < 5;
  });
}

BOOST_AUTO_TEST_CASE(steps_inside_a_step_use_its_threads) {
  set_thread_limit(2);
  run_steps([](int step) {
    int inner_steps = 0;
    run_steps([&](int inner) {
      share_loops();
      ++inner_steps;
      BOOST_TEST(threads_are_kept() == (kKeeps && (step > 0 || inner > 0)));
      return inner < 3;
    });
    BOOST_TEST(inner_steps == 4);
    return step < 5;
  });
}

BOOST_AUTO_TEST_CASE(steps_inside_a_step_leave_its_loops_counted) {
  set_thread_limit(2);
  run_steps([](int step) {
    BOOST_TEST(threads_are_kept() == (kKeeps && step > 0));
    share_loops();
    run_steps([](int inner) { return inner < 2; });
    try {
      run_steps([](int) -> bool { throw std::runtime_error("inner"); });
    } catch (const std::runtime_error&) {
    }
    return step < 5;
  });
}

BOOST_AUTO_TEST_CASE(many_threads_may_run_steps_at_once) {
  set_thread_limit(2);
  std::atomic<std::int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back([&sum] {
      run_steps([&sum](int step) {
        const auto add = [&sum](std::int64_t begin, std::int64_t end) {
          for (std::int64_t j = begin; j < end; ++j) sum += j;
        };
        parallel_pieces(100, 9, add);
        parallel_pieces(100, 30, add);
        return step < 49;
      });
    });
  }
  for (std::thread& caller : callers) caller.join();
  BOOST_TEST(sum == 3 * 50 * 2 * 4950);
}

#if defined(__SSE2__) || defined(__aarch64__)
BOOST_AUTO_TEST_CASE(pieces_of_kept_threads_run_in_the_mode_of_the_caller) {
  set_thread_limit(2);
  const float smallest = std::numeric_limits<float>::min();
  run_steps([&](int step) {
    const kernels::FloatModeScope mode(step % 2 == 1 ? kernels::flushing() : kernels::FloatMode::current());
    Meeting meeting;
    std::atomic<int> zeros{0};
    parallel_pieces(2, 1, [&](std::int64_t, std::int64_t) {
      if (kKeeps) meeting.come();
      volatile float x = smallest;
      x = x * 0.5F;
      zeros += x == 0 ? 1 : 0;
    });
    BOOST_TEST(zeros == (step % 2 == 1 ? 2 : 0));
    share_loops();
    return step < 20;
  });
}
#endif

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
