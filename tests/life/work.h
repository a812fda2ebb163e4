// A piece of work for the engine whose result is known: a network with one hidden layer, float32 and float64 products, random numbers.
#pragma once

#include <autograd/autograd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace life {

inline void check(bool right, const char* what) {
  if (right) return;
  std::fprintf(stderr, "wrong: %s\n", what);
  std::_Exit(1);
}

/// Computes gradients, also by a pass inside another, and a failing pass. With a large `size`, loops have work for several threads.
inline void work(const char* where, std::int64_t size = 40) {
  namespace cr = chainrule;
  const double n = static_cast<double>(size);
  for (const cr::DType dtype : {cr::float32, cr::float64}) {
    cr::Tensor x = cr::full({size, size}, 1, dtype), w = cr::full({size, size}, 1 / n, dtype).set_requires_grad(true);
    const cr::Tensor loss = cr::mean(cr::square(cr::matmul(x, w) + 1));  // (1 + 1)²
    loss.backward();
    // d loss / d w[i, j] = Σ over rows of 2 · 2 / n² = 4 / n
    const auto gradient = w.grad().to_vector<double>();
    for (const double element : gradient) check(std::abs(element - 4 / n) < 1e-5 / n, where);
  }
  cr::Tensor p = cr::variable(2, cr::float64);
  cr::Tensor y = p * 3;
  cr::on_grad(y, [&](const cr::Tensor&) {
    const cr::EnableGrad record;
    cr::square(p).backward();
  });
  cr::square(y).backward();
  check(p.grad().item() == 4 + 2 * 6 * 3, where);
  cr::Tensor z = cr::exp(p * 2);
  [[maybe_unused]] const cr::GradHook failing = cr::on_grad(p, [](const cr::Tensor&) { throw std::runtime_error("the hook failed"); });
  for (const char* message : {"the hook failed", "failed with \"the hook failed\""}) {
    try {
      z.backward();
      check(false, where);
    } catch (const std::exception& error) {
      check(std::string(error.what()).find(message) != std::string::npos, error.what());
    }
  }
  cr::Tensor v = cr::variable({1, 1, 1, 1});
  cr::Tensor drawn = cr::checkpoint([](const cr::Tensor& h) { return h * cr::rand({4}); }, {v});
  cr::sum(drawn).backward();
  check(v.grad().to_vector<float>() == drawn.to_vector<float>(), where);
}

}  // namespace life
