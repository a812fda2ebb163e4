// The memory behind graphs: buffers and blocks, what threads leave to each other, and what they leave to the system.
#include "autograd/base/memory.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

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

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(buffers_waste_no_more_than_a_quarter) {
  using cr::detail::buffer_capacity;
  const std::pair<std::size_t, std::size_t> known[] = {{0, 64},    {1, 64},    {64, 64},   {65, 128},    {256, 256},
                                                       {257, 320}, {320, 320}, {321, 384}, {1000, 1024}, {1025, 1280}};
  for (const auto& [bytes, capacity] : known) BOOST_TEST(buffer_capacity(bytes) == capacity, bytes << " bytes");
  for (std::size_t bytes = 257; bytes < (std::size_t{1} << 40); bytes += bytes / 7 + 1) {
    const std::size_t capacity = buffer_capacity(bytes);
    BOOST_TEST((capacity >= bytes && 4 * (capacity - bytes) < bytes), bytes << " bytes take " << capacity);
    BOOST_TEST(capacity % 64 == 0U);
    BOOST_TEST(buffer_capacity(capacity) == capacity);
  }
}

BOOST_AUTO_TEST_CASE(buffers_are_aligned_apart_and_used_again) {
  std::vector<std::byte*> buffers;
  for (const std::size_t bytes : {64U, 320U, 320U, 1U << 20U}) {
    buffers.push_back(cr::detail::allocate_buffer(bytes));
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(buffers.back()) % 64 == 0U);
    std::memset(buffers.back(), static_cast<int>(buffers.size()), bytes);
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) BOOST_TEST(static_cast<std::size_t>(buffers[i][63]) == i + 1);
  BOOST_TEST(buffers[1] != buffers[2]);
  cr::detail::free_buffer(buffers[1], 320);
#if CHAINRULE_POOL
  BOOST_TEST(cr::detail::allocate_buffer(320) == buffers[1]);
  cr::detail::free_buffer(buffers[1], 320);
#endif
  cr::detail::free_buffer(buffers[2], 320);
  cr::detail::free_buffer(buffers[0], 64);
  cr::detail::free_buffer(buffers[3], std::size_t{1} << 20);
}

BOOST_AUTO_TEST_CASE(blocks_of_all_sizes_are_aligned_and_apart) {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t bytes = cr::detail::kLeastBlock; bytes <= 700; bytes += 8) {
      auto* block = static_cast<unsigned char*>(cr::detail::allocate_block(bytes));
      BOOST_REQUIRE(reinterpret_cast<std::uintptr_t>(block) % 16 == 0U);
      std::memset(block, static_cast<int>(blocks.size() % 251), bytes);
      blocks.emplace_back(block, bytes);
    }
    bool untouched = true;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const auto [block, bytes] = blocks[i];
      untouched = untouched && block[0] == i % 251 && block[bytes - 1] == i % 251;
    }
    BOOST_TEST(untouched);
    for (const auto& [block, bytes] : blocks) cr::detail::free_block(block, bytes);
    blocks.clear();
  }
}

BOOST_AUTO_TEST_CASE(counts_add_up) {
  const cr::detail::Totals before = cr::detail::total_counts();
  cr::detail::count(3, 2, 1000);
  std::thread([] { cr::detail::count(-1, 0, 24); }).join();
  const cr::detail::Totals after = cr::detail::total_counts();
  BOOST_TEST(after.tensors - before.tensors == 2);
  BOOST_TEST(after.nodes - before.nodes == 2);
  BOOST_TEST(after.bytes - before.bytes == 1024);
  cr::detail::count(-2, -2, -1024);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(memory_threads)

BOOST_AUTO_TEST_CASE(blocks_made_on_a_thread_that_ended_are_freed_here) {
  std::vector<void*> blocks;
  std::thread([&] {
    for (int i = 0; i < 1000; ++i) blocks.push_back(cr::detail::allocate_block(48));
  }).join();
  for (void* block : blocks) std::memset(block, 7, 48);
  for (void* block : blocks) cr::detail::free_block(block, 48);
  // None is handed out twice.
  std::set<void*> again;
  for (int i = 0; i < 3000; ++i) again.insert(cr::detail::allocate_block(48));
  BOOST_TEST(again.size() == 3000U);
  for (void* block : again) cr::detail::free_block(block, 48);
}

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
