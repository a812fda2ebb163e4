// The steps of optimizers against the same formulas, one element at a time, on every instruction set and with several threads.
// Covers autograd/kernels/adam.cpp, autograd/kernels/sgd.cpp.

#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "autograd/kernels/adam.h"
#include "autograd/kernels/sgd.h"
#include "autograd/parallel/parallel.h"
#include "tests/autograd/kernels/targets.h"

namespace chainrule::test {
namespace {

using kernels::AdamStep;
using kernels::SgdStep;
using Types = boost::mpl::list<float, double>;

/// Rounds a product separately, so that the compiler cannot fuse it with a sum.
template <class T>
T product(T a, T b) {
  const volatile T rounded = a * b;
  return rounded;
}

template <class T>
std::vector<T> numbers(unsigned seed, std::int64_t n, T low, T high) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<T> value(low, high);
  std::vector<T> x(static_cast<std::size_t>(n));
  for (T& v : x) v = value(random);
  return x;
}

template <class T>
void sgd_by_hand(const SgdStep<T>& s, const std::vector<T>& g, std::vector<T>& buffer, std::vector<T>& p) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    T direction = s.weight_decay == 0 ? g[i] : g[i] + product(s.weight_decay, p[i]);
    if (s.momentum != 0) {
      buffer[i] = s.first ? direction : product(buffer[i], s.momentum) + product(1 - s.dampening, direction);
      direction = s.nesterov ? direction + product(s.momentum, buffer[i]) : buffer[i];
    }
    p[i] -= product(s.learning_rate, direction);
  }
}

template <class T>
void adam_by_hand(const AdamStep<T>& s, const std::vector<T>& g, std::vector<T>& m, std::vector<T>& v, std::vector<T>& p) {
  for (std::size_t i = 0; i < g.size(); ++i) {
    T gradient = g[i];
    if (s.weight_decay != 0 && s.decoupled) p[i] = product(p[i], 1 - product(s.learning_rate, s.weight_decay));
    if (s.weight_decay != 0 && !s.decoupled) gradient += product(s.weight_decay, p[i]);
    m[i] = product(m[i], s.beta1) + product(s.one_minus_beta1, gradient);
    v[i] = product(v[i], s.beta2) + product(product(s.one_minus_beta2, gradient), gradient);
    p[i] -= product(s.step_size, m[i]) / (product(std::sqrt(v[i]), 1 / s.sqrt_correction2) + s.epsilon);
  }
}

const std::int64_t kSizes[] = {0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 64, 70};

/// Sets the thread limit for one scope.
class ThreadLimit {
 public:
  explicit ThreadLimit(int n) : before_(kernels::thread_limit()) { kernels::set_thread_limit(n); }
  ~ThreadLimit() { kernels::set_thread_limit(before_); }
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(update)

BOOST_AUTO_TEST_CASE_TEMPLATE(sgd_follows_its_formula_bit_for_bit, T, Types) {
  const SgdStep<T> steps[] = {
      {T(0.1), 0, 0, 0, false, true},
      {T(0.1), 0, 0, T(0.01), false, true},
      {T(0.1), T(0.9), 0, 0, false, true},
      {T(0.1), T(0.9), T(0.3), T(0.01), false, false},
      {T(0.1), T(0.9), 0, T(0.01), true, false},
      {T(0.1), T(0.9), 0, 0, true, true},
  };
  for_each_target([&](const char*) {
    for (const SgdStep<T>& step : steps) {
      for (const std::int64_t n : kSizes) {
        const std::vector<T> g = numbers<T>(1, n, -1, 1);
        std::vector<T> p = numbers<T>(2, n, -2, 2), buffer = numbers<T>(3, n, -1, 1), want_p = p, want_buffer = buffer;
        sgd_by_hand(step, g, want_buffer, want_p);
        kernels::sgd_step(step, g.data(), step.momentum == 0 ? nullptr : buffer.data(), p.data(), n);
        BOOST_TEST(p == want_p, boost::test_tools::per_element());
        BOOST_TEST(buffer == want_buffer, boost::test_tools::per_element());
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(adam_follows_its_formula_bit_for_bit, T, Types) {
  const AdamStep<T> steps[] = {
      {T(0.001), T(0.9), T(0.1), T(0.999), T(0.001), T(1e-8), 0, T(0.01), T(0.0316), false},
      {T(0.001), T(0.9), T(0.1), T(0.999), T(0.001), T(1e-8), T(0.01), T(0.005), T(0.1), false},
      {T(0.001), T(0.8), T(0.2), T(0.99), T(0.01), T(1e-6), T(0.01), T(0.005), T(0.1), true},
  };
  for_each_target([&](const char*) {
    for (const AdamStep<T>& step : steps) {
      for (const std::int64_t n : kSizes) {
        const std::vector<T> g = numbers<T>(1, n, -1, 1);
        std::vector<T> p = numbers<T>(2, n, -2, 2), m = numbers<T>(3, n, -1, 1), v = numbers<T>(4, n, 0, 1);
        std::vector<T> want_p = p, want_m = m, want_v = v;
        adam_by_hand(step, g, want_m, want_v, want_p);
        kernels::adam_step(step, g.data(), m.data(), v.data(), p.data(), n);
        BOOST_TEST(m == want_m, boost::test_tools::per_element());
        BOOST_TEST(v == want_v, boost::test_tools::per_element());
        BOOST_TEST(p == want_p, boost::test_tools::per_element());
      }
    }
  });
}

// In double for elements of either type, with the largest v so far in place of v.
BOOST_AUTO_TEST_CASE_TEMPLATE(amsgrad_follows_its_formula_bit_for_bit, T, Types) {
  AdamStep<double> step{0.001, 0.8, 0.2, 0.99, 0.01, 1e-6, 0.01, 0.005, 0.1, false};
  for_each_target([&](const char*) {
    for (const bool decoupled : {false, true}) {
      step.decoupled = decoupled;
      for (const std::int64_t n : kSizes) {
        const std::vector<T> g = numbers<T>(1, n, -1, 1);
        std::vector<T> p = numbers<T>(2, n, -2, 2), m = numbers<T>(3, n, -1, 1), v = numbers<T>(4, n, 0, 1), v_max = numbers<T>(5, n, 0, 1);
        std::vector<T> want_p, want_m, want_v, want_v_max;
        for (std::size_t i = 0; i < g.size(); ++i) {
          const double gradient = decoupled ? g[i] : g[i] + product(0.01, double{p[i]});
          const double kept = decoupled ? product(double{p[i]}, 1 - product(0.001, 0.01)) : p[i];
          const double first = product(double{m[i]}, 0.8) + product(0.2, gradient);
          const double second = product(double{v[i]}, 0.99) + product(product(0.01, gradient), gradient);
          const double largest = std::max(double{v_max[i]}, second);
          want_m.push_back(static_cast<T>(first));
          want_v.push_back(static_cast<T>(second));
          want_v_max.push_back(static_cast<T>(largest));
          want_p.push_back(static_cast<T>(kept - product(0.005, first) / (std::sqrt(largest) / 0.1 + 1e-6)));
        }
        kernels::AdamLoop<T, double>{step, g.data(), m.data(), v.data(), v_max.data(), p.data(), n}(0, n);
        BOOST_TEST(m == want_m, boost::test_tools::per_element());
        BOOST_TEST(v == want_v, boost::test_tools::per_element());
        BOOST_TEST(v_max == want_v_max, boost::test_tools::per_element());
        BOOST_TEST(p == want_p, boost::test_tools::per_element());
      }
    }
  });
}

// A first step, in numbers: m = 0.1 g, v = 0.001 g², both corrected to g and g², so p moves by the learning rate against g's sign.
BOOST_AUTO_TEST_CASE(the_first_adam_step_is_the_learning_rate) {
  const AdamStep<double> step{0.01, 0.9, 0.1, 0.999, 0.001, 1e-8, 0, 0.01 / (1 - 0.9), std::sqrt(1 - 0.999), false};
  const std::vector<double> g = {3, -0.25, 0};
  std::vector<double> p = {1, 1, 1}, m(3), v(3);
  kernels::adam_step(step, g.data(), m.data(), v.data(), p.data(), 3);
  BOOST_TEST(std::abs(p[0] - 0.99) < 1e-9);
  BOOST_TEST(std::abs(p[1] - 1.01) < 1e-9);
  BOOST_TEST(p[2] == 1.0);
  BOOST_TEST(std::abs(m[0] - 0.3) < 1e-15);
  BOOST_TEST(std::abs(v[0] - 0.009) < 1e-15);
}

BOOST_AUTO_TEST_CASE(momenta_without_gradient_decay_to_zero) {
  const AdamStep<float> adam{.learning_rate = 0.001F,
                             .beta1 = 0.9F,
                             .one_minus_beta1 = 0.1F,
                             .beta2 = 0.999F,
                             .one_minus_beta2 = 0.001F,
                             .epsilon = 1e-8F,
                             .weight_decay = 0,
                             .step_size = 0.001F,
                             .sqrt_correction2 = 1,
                             .decoupled = false};
  const std::vector<float> g(67, 0.0F);
  std::vector<float> p(67, 1.0F), m(67, 1.5e-38F), v(67, 1e-30F);
  for (int step = 0; step < 3; ++step) kernels::adam_step(adam, g.data(), m.data(), v.data(), p.data(), 67);
  BOOST_TEST(m == std::vector<float>(67, 0.0F), boost::test_tools::per_element());  // 1.1e-38 is not normal
  BOOST_TEST(p == std::vector<float>(67, 1.0F), boost::test_tools::per_element());
  volatile float tiny = 1.2e-38F;
  tiny = tiny * 0.5F;
  const float half = tiny;
  BOOST_TEST(half != 0.0F);  // outside the pass they are as ever
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(update_threads)

BOOST_AUTO_TEST_CASE_TEMPLATE(the_number_of_threads_changes_no_bit, T, Types) {
  const std::int64_t n = 100003;
  const AdamStep<T> adam{T(0.001), T(0.9), T(0.1), T(0.999), T(0.001), T(1e-8), T(0.01), T(0.01), T(0.0316), false};
  const SgdStep<T> sgd{T(0.1), T(0.9), T(0.1), T(0.01), true, false};
  const std::vector<T> g = numbers<T>(1, n, -1, 1);
  std::vector<std::vector<T>> parameters;
  for (const int threads : {1, 2, 3}) {
    const ThreadLimit limit(threads);
    std::vector<T> p = numbers<T>(2, n, -2, 2), m = numbers<T>(3, n, -1, 1), v = numbers<T>(4, n, 0, 1);
    kernels::adam_step(adam, g.data(), m.data(), v.data(), p.data(), n);
    kernels::sgd_step(sgd, g.data(), m.data(), p.data(), n);
    parameters.push_back(p);
  }
  BOOST_TEST((parameters[1] == parameters[0]));
  BOOST_TEST((parameters[2] == parameters[0]));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
