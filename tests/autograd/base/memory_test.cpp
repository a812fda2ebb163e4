// The memory behind graphs: what threads leave to each other and to the system.
#include "autograd/base/memory.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <deque>
#include <fstream>
#include <mutex>
#include <thread>

#include "tests/autograd/derivatives/on_threads.h"
#include "tests/sanitized.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::kSanitized;
using cr::test::kThreads;
using cr::test::on_threads;
using cr::test::Problem;

namespace {

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_threads)

BOOST_AUTO_TEST_CASE(nodes_made_on_one_thread_are_freed_on_another) {
  const cr::GraphStats before = cr::graph_stats();
  for (int repeat = 0; repeat < 4; ++repeat) {
    Tensor y;
    std::thread([&y] {
      y = cr::variable(1.0);
      for (int i = 0; i < 5000; ++i) y = y * 1.001;
      for (int i = 0; i < 50; ++i) y = y + cr::ones({1000});
    }).join();
    cr::sum(y).backward();  // after the thread that made it ended
    std::thread([y = std::move(y)]() mutable { y = Tensor(); }).join();
  }
  const cr::GraphStats after = cr::graph_stats();
  BOOST_CHECK_EQUAL(after.tensors, before.tensors);
  BOOST_CHECK_EQUAL(after.nodes, before.nodes);
  BOOST_CHECK_EQUAL(after.bytes, before.bytes);
}

BOOST_AUTO_TEST_CASE(one_thread_makes_what_another_frees) {
  const cr::GraphStats before = cr::graph_stats();
  const Problem problem;
  std::mutex mutex;
  std::deque<Tensor> queue;
  bool ended = false;
  std::thread maker([&] {
    for (int i = 0; i < 3000; ++i) {
      Tensor loss = i % 3 == 0 ? problem.loss() : cr::zeros({i % 700});
      const std::lock_guard lock(mutex);
      queue.push_back(std::move(loss));
    }
    const std::lock_guard lock(mutex);
    ended = true;
  });
  std::thread user([&] {
    for (;;) {
      Tensor loss;
      {
        const std::lock_guard lock(mutex);
        if (queue.empty() && ended) return;
        if (queue.empty()) continue;
        loss = std::move(queue.front());
        queue.pop_front();
      }
      if (loss.rank() == 0) cr::grad(loss, {problem.x});
    }
  });
  maker.join();
  user.join();
  BOOST_CHECK_EQUAL(cr::graph_stats().tensors, before.tensors + 3);
  BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes);
}

namespace {

// Destroyed after what the engine keeps for its thread: it was there first.
thread_local Tensor kept_to_the_end;

}  // namespace

BOOST_AUTO_TEST_CASE(a_graph_may_outlast_what_its_thread_keeps) {
  const cr::GraphStats before = cr::graph_stats();
  for (int round = 0; round < 10; ++round) {
    on_threads(kThreads, [](int) {
      kept_to_the_end = Tensor();
      const Problem problem;
      kept_to_the_end = problem.loss();
      for (int i = 0; i < 600; ++i) kept_to_the_end = kept_to_the_end + 1;
    });
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(short_lived_threads_leave_no_memory) {
  const cr::GraphStats stats = cr::graph_stats();
  std::vector<Tensor> handed(4);
  const auto live = [&](int i) {
    std::thread([&] {
      const Problem problem;
      Tensor loss = problem.loss() + cr::sum(cr::zeros({20000}));
      cr::grad(loss, {problem.x}, {.retain_graph = true});
      for (int chain = 0; chain < 300; ++chain) loss = loss * 1.001;
      handed[static_cast<std::size_t>(i) % handed.size()] = loss;  // frees there what another thread made
    }).join();
  };
  for (int i = 0; i < 100; ++i) live(i);
  const std::size_t before = resident_bytes();
  for (int i = 0; i < (kSanitized ? 200 : 2000); ++i) live(i);
  const std::size_t after = resident_bytes();
  BOOST_TEST_MESSAGE("resident: " << before << " bytes after 100 threads, " << after << " after all");
  if (!kSanitized) BOOST_CHECK_LT(after, before + (std::size_t{4} << 20));  // sanitizers keep much of their own
  handed.clear();
  BOOST_CHECK(cr::graph_stats() == stats);
}

BOOST_AUTO_TEST_SUITE_END()
