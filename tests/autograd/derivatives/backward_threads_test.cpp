// Passes on several threads at once: shared leaves, graphs that change thread, passes inside passes.
// Covers autograd/derivatives/backward.cpp.
#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "tests/autograd/derivatives/on_threads.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::kThreads;
using cr::test::leaf;
using cr::test::numbers;
using cr::test::on_threads;
using cr::test::Problem;
using cr::test::same_on_all_threads;

BOOST_AUTO_TEST_SUITE(backward_threads)

BOOST_AUTO_TEST_CASE(shared_leaves_give_the_same_bits) {
  const cr::GraphStats before = cr::graph_stats();
  {
    const Problem problem;
    same_on_all_threads([&] {
      const Tensor loss = problem.loss();
      std::vector<Tensor> results = cr::grad(loss, {problem.x, problem.w, problem.b});
      results.push_back(loss);
      return numbers(results);
    });
    same_on_all_threads([&] {
      const Tensor first = cr::grad(problem.loss(), {problem.w}, {.create_graph = true})[0];
      return numbers(cr::grad(cr::sum(first * first), {problem.x, problem.w, problem.b}));
    });
    BOOST_TEST(!problem.x.grad().defined());
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(views_of_shared_leaves) {
  Tensor x = leaf({8, 3}, 4);
  const Tensor fixed = leaf({24}, 5).detach();  // shares a storage whose first node is gone
  same_on_all_threads([&] {
    const Tensor total = cr::sum(x[1] * x[-1]) + cr::sum(cr::reshape(x, {24}) * fixed) + cr::sum(x.detach() * cr::slice(x, 0, 0, 8));
    return numbers(cr::grad(total, {x}));
  });
  // Views that outlive the leaf, dropped by all threads at once.
  const cr::GraphStats before = cr::graph_stats();
  {
    std::optional<Tensor> base = leaf({1000}, 6);
    std::vector<Tensor> views(kThreads);
    on_threads(kThreads, [&](int i) { views[static_cast<std::size_t>(i)] = base->detach(); });
    base.reset();
    BOOST_CHECK_EQUAL(cr::graph_stats().tensors, before.tensors + kThreads);
    on_threads(kThreads, [&](int i) {
      Tensor& view = views[static_cast<std::size_t>(i)];
      if (view.to_vector<float>().size() != 1000) throw std::runtime_error("another size");
      view = Tensor();
    });
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(many_threads_share_the_leaves) {
  cr::Generator generator(5);
  Tensor w = cr::randn({30, 20}, generator), b = cr::randn({20}, generator);
  w.set_requires_grad(true);
  b.set_requires_grad(true);
  const Tensor x = cr::randn({40, 30}, generator);
  const auto run = [&](int k) {
    Tensor loss = cr::mean(cr::square(cr::tanh(cr::linear(x * (0.1 * k), w, b))));
    return cr::grad(loss, {w, b});
  };
  std::vector<std::vector<float>> serial;
  for (int k = 0; k < 8; ++k) serial.push_back(run(k)[0].to_vector<float>());
  std::vector<std::vector<float>> parallel(8);
  std::vector<std::thread> threads;
  for (int k = 0; k < 8; ++k)
    threads.emplace_back([&, k] {
      for (int repeat = 0; repeat < 20; ++repeat) parallel[static_cast<std::size_t>(k)] = run(k)[0].to_vector<float>();
    });
  for (std::thread& thread : threads) thread.join();
  BOOST_CHECK(parallel == serial);
  BOOST_CHECK(!w.grad().defined());
}

BOOST_AUTO_TEST_CASE(passes_inside_passes) {
  const Problem problem;
  same_on_all_threads([&] {
    const Tensor h = cr::tanh(cr::matmul(problem.x, problem.w));
    const Tensor other = problem.loss();
    std::vector<Tensor> inner;
    cr::on_grad(h, [&](const Tensor& gradient) {
      inner = cr::grad(other, {problem.x});
      return gradient * 2;
    });
    const auto block = [&](const Tensor& at) { return cr::sum(cr::sin(at + problem.b) * cr::checkpoint(cr::exp, {at})); };
    std::vector<Tensor> results = cr::grad(cr::checkpoint(block, {h}), {problem.w, problem.b});
    results.insert(results.end(), inner.begin(), inner.end());
    return numbers(results);
  });
  same_on_all_threads([&] {
    const auto f = [&](const Tensor& at) { return cr::sum(cr::tanh(cr::matmul(problem.x, at)) * cr::sum(at)); };
    return numbers({cr::hvp(f, problem.w.detach(), problem.w.detach())});
  });
}

BOOST_AUTO_TEST_CASE(leaves_of_a_thread_collect_their_own_gradients) {
  const Problem problem;
  std::vector<int> differing(kThreads, 0);
  Problem alone;
  alone.loss().backward();
  on_threads(kThreads, [&](int i) {
    Problem mine;  // leaves of its own, beside one shared
    for (int round = 0; round < 10; ++round) {
      mine.x.zero_grad();
      cr::sum(mine.loss() + cr::sum(problem.x.detach()) * 0).backward();
      if (mine.x.grad().to_vector<float>() != alone.x.grad().to_vector<float>()) ++differing[static_cast<std::size_t>(i)];
    }
  });
  for (const int count : differing) BOOST_TEST(count == 0);
}

BOOST_AUTO_TEST_CASE(graphs_change_threads) {
  const cr::GraphStats before = cr::graph_stats();
  for (int round = 0; round < 20; ++round) {
    const Problem problem;
    const std::vector<float> expected = cr::grad(problem.loss(), {problem.w})[0].to_vector<float>();
    // Made on a thread that ends, differentiated on a second one, freed here.
    Tensor loss, gradient;
    std::thread([&] { loss = problem.loss(); }).join();
    std::thread([&] { gradient = cr::grad(loss, {problem.w}, {.retain_graph = true})[0]; }).join();
    BOOST_TEST(gradient.to_vector<float>() == expected);
    BOOST_TEST(cr::grad(loss, {problem.w})[0].to_vector<float>() == expected);
    // Made here, freed on a thread.
    std::thread([moved = problem.loss()]() mutable { moved = Tensor(); }).join();
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()
