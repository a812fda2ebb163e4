// The engine on several threads: shared leaves, nodes used by several threads, nested backward passes, state per thread.
#include <autograd/autograd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <deque>
#include <exception>
#include <fstream>
#include <functional>
#include <future>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>

#include "nn/nn.h"
#include "tests/sanitized.h"

namespace cr = chainrule;
using cr::DType;
using cr::Shape;
using cr::Tensor;
using cr::test::kSanitized;

namespace {

constexpr int kThreads = 8;

/// Runs f(0), f(1), ..., each on its own thread, all starting at once, and rethrows an exception of one of them.
void on_threads(int count, const std::function<void(int)>& f) {
  std::latch start(count);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        f(i);
      } catch (...) {
        errors[static_cast<std::size_t>(i)] = std::current_exception();
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

using Numbers = std::vector<std::vector<float>>;

Numbers numbers(const std::vector<Tensor>& tensors) {
  Numbers all;
  for (const Tensor& x : tensors) all.push_back(x.to_vector<float>());
  return all;
}

/// Requires that every thread repeatedly computes the same bits as this thread.
void same_on_all_threads(const std::function<Numbers()>& compute) {
  const Numbers expected = compute();
  constexpr int kRounds = 20;
  std::vector<int> differing(kThreads, 0);
  on_threads(kThreads, [&](int i) {
    for (int round = 0; round < kRounds; ++round)
      if (compute() != expected) ++differing[static_cast<std::size_t>(i)];
  });
  for (const int count : differing) BOOST_TEST(count == 0);
}

Tensor leaf(const Shape& shape, std::uint64_t seed) {
  cr::Generator generator(seed);
  return cr::randn(shape, generator).set_requires_grad(true);
}

/// A graph with shared parts, views, broadcasting and a product, over three leaves.
struct Problem {
  Tensor x = leaf({6, 5}, 1), w = leaf({5, 4}, 2), b = leaf({4}, 3);

  Tensor loss() const {
    const Tensor h = cr::tanh(cr::matmul(x, w) + b), rows = cr::slice(h, 0, 1, 5);
    return cr::sum(cr::softmax(h, 1) * h) + cr::mean(cr::square(rows) + h[0]) + cr::logsumexp(cr::transpose(h) + cr::sum(x));
  }
};

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(engine_threads)

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

BOOST_AUTO_TEST_CASE(handles_of_one_leaf_are_counted) {
  const cr::GraphStats before = cr::graph_stats();
  for (int round = 0; round < 50; ++round) {
    std::vector<Tensor> handles(kThreads, leaf({64}, 7));
    on_threads(kThreads, [&](int i) {
      Tensor mine = std::move(handles[static_cast<std::size_t>(i)]);
      for (int copies = 0; copies < 100; ++copies) {
        const Tensor copy = mine;
        mine = copy;
      }
    });
    BOOST_REQUIRE(cr::graph_stats() == before);
  }
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

namespace {

// Destroyed after the engine's data of its thread, because it was constructed first.
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

BOOST_AUTO_TEST_CASE(guards_belong_to_their_thread) {
  Tensor x = cr::variable({1, -1});
  const cr::NoGrad none;
  const cr::DetectAnomaly anomaly;
  std::thread([&] {
    BOOST_TEST(cr::grad_enabled());
    BOOST_TEST(cr::log(x).requires_grad());  // holds a NaN, unnoticed
    const cr::NoGrad inner;
  }).join();
  BOOST_TEST(!cr::grad_enabled());
  BOOST_CHECK_THROW(cr::log(x), std::runtime_error);
  on_threads(kThreads, [&](int i) {
    std::optional<cr::NoGrad> guard;
    for (int round = 0; round < 200; ++round) {
      if ((i + round) % 2 == 0) {
        guard.emplace();
      } else {
        guard.reset();
      }
      if (cr::exp(x).requires_grad() == guard.has_value()) throw std::runtime_error("another thread's guard is in force");
    }
  });
}

namespace {

/// The first number that each of several threads draws, in a process of its own.
std::vector<double> draws_of_threads(std::uint64_t seed) {
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  BOOST_REQUIRE(child >= 0);
  if (child == 0) {
    cr::manual_seed(seed);
    std::vector<double> drawn{cr::rand({1}, DType::float64).item()};
    for (int i = 0; i < kThreads; ++i) std::thread([&] { drawn.push_back(cr::rand({1}, DType::float64).item()); }).join();
    const auto bytes = static_cast<ssize_t>(drawn.size() * sizeof(double));
    ::_exit(::write(ends[1], drawn.data(), static_cast<std::size_t>(bytes)) == bytes ? 0 : 1);
  }
  ::close(ends[1]);
  std::vector<double> drawn(kThreads + 1);
  const auto bytes = static_cast<ssize_t>(drawn.size() * sizeof(double));
  BOOST_REQUIRE(::read(ends[0], drawn.data(), static_cast<std::size_t>(bytes)) == bytes);
  ::close(ends[0]);
  int status = 0;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_REQUIRE(status == 0);
  return drawn;
}

}  // namespace

BOOST_AUTO_TEST_CASE(generators_of_threads_differ_and_repeat) {
  const std::vector<double> first = draws_of_threads(7), again = draws_of_threads(7), other = draws_of_threads(8);
  BOOST_TEST(first == again, boost::test_tools::per_element());
  for (std::size_t i = 0; i < first.size(); ++i) {
    BOOST_TEST(first[i] != other[i]);
    for (std::size_t j = 0; j < i; ++j) BOOST_TEST(first[i] != first[j]);
  }
}

BOOST_AUTO_TEST_CASE(a_const_model_serves_all_threads) {
  cr::Generator generator(9);
  const cr::nn::Sequential model{cr::nn::Dense(6, 16, {.generator = &generator}), cr::nn::Tanh(),
                                 cr::nn::Dense(16, 3, {.generator = &generator})};
  const Tensor batch = cr::randn({10, 6}, generator), labels = cr::randint(0, 3, {10}, generator);
  same_on_all_threads([&] {
    const cr::NoGrad none;
    const Tensor logits = model(batch);
    if (logits.requires_grad()) throw std::runtime_error("recorded");
    return numbers({logits, cr::softmax(logits, -1)});
  });
  const std::vector<Tensor> parameters = model.parameters();
  same_on_all_threads([&] { return numbers(cr::grad(cr::nn::cross_entropy(model(batch), labels), parameters)); });
  same_on_all_threads([&] { return numbers(cr::grad(cr::nn::cross_entropy(model(batch), labels), model.parameters())); });
}

BOOST_AUTO_TEST_SUITE_END()
