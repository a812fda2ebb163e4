// What tests of the engine on several threads at once share: threads that start together, and a problem for them.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "autograd/autograd.h"

namespace chainrule::test {

inline constexpr int kThreads = 8;

/// Runs f(0), f(1), ... each on a thread of its own, all starting at once, and rethrows what one of them throws.
inline void on_threads(int count, const std::function<void(int)>& f) {
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

inline Numbers numbers(const std::vector<Tensor>& tensors) {
  Numbers all;
  for (const Tensor& x : tensors) all.push_back(x.to_vector<float>());
  return all;
}

/// Requires that every thread computes what this one does, bit for bit, several times over.
inline void same_on_all_threads(const std::function<Numbers()>& compute) {
  const Numbers expected = compute();
  constexpr int kRounds = 20;
  std::vector<int> differing(kThreads, 0);
  on_threads(kThreads, [&](int i) {
    for (int round = 0; round < kRounds; ++round)
      if (compute() != expected) ++differing[static_cast<std::size_t>(i)];
  });
  for (const int count : differing) BOOST_TEST(count == 0);
}

inline Tensor leaf(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return randn(shape, generator).set_requires_grad(true);
}

/// A graph with shared parts, views, broadcasting and a product, over three leaves.
struct Problem {
  Tensor x = leaf({6, 5}, 1), w = leaf({5, 4}, 2), b = leaf({4}, 3);

  Tensor loss() const {
    const Tensor h = tanh(matmul(x, w) + b), rows = slice(h, 0, 1, 5);
    return sum(softmax(h, 1) * h) + mean(square(rows) + h[0]) + logsumexp(transpose(h) + sum(x));
  }
};

}  // namespace chainrule::test
