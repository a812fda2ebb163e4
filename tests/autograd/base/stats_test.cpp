// The counts of what is alive: they follow every Tensor, node and byte, and return.
#include "autograd/base/stats.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <latch>
#include <thread>
#include <vector>

#include "tests/autograd/derivatives/on_threads.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::kThreads;
using cr::test::leaf;

BOOST_AUTO_TEST_SUITE(stats)

BOOST_AUTO_TEST_CASE(live_nodes_and_bytes_return) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable({{1, 2}, {3, 4}}), w = cr::randn({2, 100});
    w.set_requires_grad(true);
    BOOST_CHECK_EQUAL(cr::graph_stats().tensors, before.tensors + 2);
    Tensor loss = cr::sum(cr::relu(cr::matmul(x, w)));
    BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes + 3);
    BOOST_CHECK_GT(cr::graph_stats().bytes, before.bytes + 3 * 200 * 4);
    Tensor part = x[0];
    loss.backward();
    BOOST_CHECK_EQUAL(cr::graph_stats().nodes, before.nodes + 2);  // loss and part: what only the graph held is gone
    cr::grad(cr::sum(cr::exp(x)), {x}, {.create_graph = true});
  }
  const cr::GraphStats after = cr::graph_stats();
  BOOST_CHECK_EQUAL(after.tensors, before.tensors);
  BOOST_CHECK_EQUAL(after.nodes, before.nodes);
  BOOST_CHECK_EQUAL(after.bytes, before.bytes);
}

BOOST_AUTO_TEST_CASE(stats_return_after_an_error_in_the_middle) {
  const cr::GraphStats before = cr::graph_stats();
  {
    Tensor x = cr::variable({1, 2});
    Tensor y = cr::sum(cr::square(cr::exp(x)));
    x.mutable_data<float>()[0] = 5;
    Tensor z = cr::sum(x * x);
    x.mutable_data<float>()[0] = 6;
    BOOST_CHECK_THROW(z.backward(), std::logic_error);
    y.backward();  // exp needs its result only
    BOOST_CHECK(x.grad().defined());
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stats_threads)

BOOST_AUTO_TEST_CASE(counters_add_up_over_threads) {
  const cr::GraphStats before = cr::graph_stats();
  std::vector<Tensor> kept(8);
  std::vector<std::thread> threads;
  for (int k = 0; k < 8; ++k)
    threads.emplace_back([&kept, k] {
      for (int i = 0; i < 1000; ++i) kept[static_cast<std::size_t>(k)] = cr::ones({10 + k});
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_CHECK_EQUAL(cr::graph_stats().tensors, before.tensors + 8);
  kept.clear();
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(counts_add_up_while_threads_run) {
  const cr::GraphStats before = cr::graph_stats();
  std::latch made(kThreads), seen(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      const Tensor x = leaf({100}, 8), y = cr::exp(x) * 2;
      made.count_down();
      seen.wait();
    });
  made.wait();
  const cr::GraphStats during = cr::graph_stats();
  seen.count_down();
  for (std::thread& thread : threads) thread.join();
  BOOST_CHECK_EQUAL(during.tensors, before.tensors + 3 * kThreads);
  BOOST_CHECK_EQUAL(during.nodes, before.nodes + 2 * kThreads);
  BOOST_CHECK_GE(during.bytes, before.bytes + kThreads * 3 * 400);
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()
