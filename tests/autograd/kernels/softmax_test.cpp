// The softmax family against long double, its special rows, and the same bits on any number of threads.
// Covers autograd/kernels/softmax_loops.cpp.
#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "autograd/kernels/softmax.h"
#include "autograd/parallel/parallel.h"
#include "tests/autograd/kernels/buffers.h"
#include "tests/autograd/kernels/targets.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using Types = boost::mpl::list<float, double>;

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();

template <class T>
constexpr double kEpsilon = static_cast<double>(std::numeric_limits<T>::epsilon());

struct Shape {
  std::int64_t rows, d;
};

std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << "[" << s.rows << ", " << s.d << "]"; }

const std::vector<Shape> kShapes = {{1, 1},  {3, 1},  {2, 2},   {5, 3},    {7, 7},    {32, 10},  {600, 10},  {4, 16},
                                    {3, 17}, {9, 33}, {2, 100}, {300, 64}, {1, 4096}, {2, 4097}, {3, 10000}, {1, 1025}};

template <class T>
std::vector<T> run(void (*f)(const T*, std::int64_t, std::int64_t, T*), const std::vector<T>& x, Shape s, std::int64_t d_out) {
  std::vector<T> y(static_cast<std::size_t>(s.rows * d_out), T{-77});
  f(x.data(), s.rows, s.d, y.data());
  return y;
}

template <class T>
std::vector<T> run(void (*f)(const T*, const T*, std::int64_t, std::int64_t, T*), const std::vector<T>& g, const std::vector<T>& y,
                   Shape s) {
  std::vector<T> gx(y.size(), T{-77});
  f(g.data(), y.data(), s.rows, s.d, gx.data());
  return gx;
}

template <class T>
long double logsumexp(const T* row, std::int64_t d) {
  const auto top = static_cast<long double>(*std::max_element(row, row + d));
  long double sum = 0;
  for (std::int64_t j = 0; j < d; ++j) sum += std::exp(static_cast<long double>(row[j]) - top);
  return top + std::log(sum);
}

template <class T>
std::vector<T> logits(Shape s, T scale) {
  std::vector<T> x = random_buffer<T>(s.rows * s.d, 5);
  for (T& value : x) value *= scale;
  return x;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(softmax)

BOOST_AUTO_TEST_CASE_TEMPLATE(values, T, Types) {
  for_each_target([](const char*) {
    for (const Shape& s : kShapes) {
      for (const T scale : {T{3}, T{10000}}) {
        BOOST_TEST_CONTEXT(s << " scale " << scale) {
          const std::vector<T> x = logits<T>(s, scale);
          std::vector<long double> total, log_share, share;
          for (std::int64_t r = 0; r < s.rows; ++r) {
            const T* row = x.data() + r * s.d;
            total.push_back(logsumexp(row, s.d));
            for (std::int64_t j = 0; j < s.d; ++j) log_share.push_back(static_cast<long double>(row[j]) - total.back());
          }
          for (const long double value : log_share) share.push_back(std::exp(value));
          const double near = 8 * kEpsilon<T>;
          check_close(run(kernels::logsumexp_rows<T>, x, s, 1), total, near, near);
          check_close(run(kernels::log_softmax_rows<T>, x, s, s.d), log_share, near, near * static_cast<double>(std::max(scale, T{1})));
          const double floor = static_cast<double>(std::numeric_limits<T>::min());  // what lies below may be flushed or rounded coarsely
          check_close(run(kernels::softmax_rows<T>, x, s, s.d), share, 8 * near * static_cast<double>(std::min(scale, T{100})), floor);
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(gradients, T, Types) {
  for_each_target([](const char*) {
    for (const Shape& s : kShapes) {
      BOOST_TEST_CONTEXT(s) {
        const std::vector<T> x = logits<T>(s, T{2}), g = random_buffer<T>(s.rows * s.d, 6);
        const std::vector<T> share = run(kernels::softmax_rows<T>, x, s, s.d), log_share = run(kernels::log_softmax_rows<T>, x, s, s.d);
        std::vector<long double> of_softmax, of_log_softmax;
        for (std::int64_t r = 0; r < s.rows; ++r) {
          long double dot = 0, sum = 0;
          for (std::int64_t j = 0; j < s.d; ++j) {
            const auto at = static_cast<std::size_t>(r * s.d + j);
            dot += static_cast<long double>(g[at]) * static_cast<long double>(share[at]);
            sum += static_cast<long double>(g[at]);
          }
          for (std::int64_t j = 0; j < s.d; ++j) {
            const auto at = static_cast<std::size_t>(r * s.d + j);
            of_softmax.push_back(static_cast<long double>(share[at]) * (static_cast<long double>(g[at]) - dot));
            of_log_softmax.push_back(static_cast<long double>(g[at]) - std::exp(static_cast<long double>(log_share[at])) * sum);
          }
        }
        check_close(run(kernels::softmax_gradient_rows<T>, g, share, s), of_softmax, 8 * kEpsilon<T>, 8 * kEpsilon<T>);
        check_close(run(kernels::log_softmax_gradient_rows<T>, g, log_share, s), of_log_softmax, 8 * kEpsilon<T>, 16 * kEpsilon<T>);

        const std::vector<T> of_rows = run(kernels::logsumexp_rows<T>, x, s, 1);
        std::vector<T> of_logsumexp(x.size(), T{-77});
        std::vector<long double> expected;
        for (std::size_t at = 0; at < x.size(); ++at) {
          const std::size_t r = at / static_cast<std::size_t>(s.d);
          expected.push_back(static_cast<long double>(g[r]) *
                             std::exp(static_cast<long double>(x[at]) - static_cast<long double>(of_rows[r])));
        }
        kernels::logsumexp_gradient_rows(g.data(), x.data(), of_rows.data(), s.rows, s.d, of_logsumexp.data());
        check_close(of_logsumexp, expected, 16 * kEpsilon<T>, 8 * kEpsilon<T>);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(cross_entropy, T, Types) {
  for_each_target([](const char*) {
    for (const Shape& s : kShapes) {
      BOOST_TEST_CONTEXT(s) {
        const std::vector<T> x = logits<T>(s, T{2}), log_share = run(kernels::log_softmax_rows<T>, x, s, s.d);
        const T g = static_cast<T>(0.3);
        std::vector<std::int64_t> labels;
        std::vector<T> at_labels;
        std::vector<long double> slope;
        for (std::int64_t r = 0; r < s.rows; ++r) {
          labels.push_back(r * 7 % s.d);
          at_labels.push_back(log_share[static_cast<std::size_t>(r * s.d + labels.back())]);
          for (std::int64_t j = 0; j < s.d; ++j) {
            const long double share = std::exp(static_cast<long double>(log_share[static_cast<std::size_t>(r * s.d + j)]));
            slope.push_back(static_cast<long double>(g) * (share - (j == labels.back() ? 1 : 0)));
          }
        }
        std::vector<T> y(at_labels.size(), T{-77}), gx(x.size(), T{-77});
        std::vector<T> shifts(at_labels.size()), logs(at_labels.size());
        kernels::log_softmax_at(x.data(), labels.data(), s.rows, s.d, y.data(), shifts.data(), logs.data());
        BOOST_TEST(y == at_labels, boost::test_tools::per_element());
        kernels::cross_entropy_gradient_rows(x.data(), labels.data(), shifts.data(), logs.data(), g, s.rows, s.d, gx.data());
        check_close(gx, slope, 8 * kEpsilon<T>, 4 * kEpsilon<T>);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(special_rows, T, Types) {
  const T inf = kInfinity<T>, nan = std::numeric_limits<T>::quiet_NaN();
  for_each_target([=](const char*) {
    for (const std::int64_t d : {1, 2, 10, 16, 40, 5000}) {
      const auto size = static_cast<std::size_t>(d);
      BOOST_TEST_CONTEXT("d " << d) {
        BOOST_TEST(run(kernels::logsumexp_rows<T>, std::vector<T>(size, -inf), {1, d}, 1)[0] == -inf);
        BOOST_TEST(run(kernels::logsumexp_rows<T>, std::vector<T>(size, inf), {1, d}, 1)[0] == inf);
        std::vector<T> x(size, T{1});
        x.back() = inf;
        BOOST_TEST(run(kernels::logsumexp_rows<T>, x, {1, d}, 1)[0] == inf);
        x.back() = nan;
        BOOST_TEST(std::isnan(run(kernels::logsumexp_rows<T>, x, {1, d}, 1)[0]));
        for (const T value : run(kernels::softmax_rows<T>, x, {1, d}, d)) BOOST_TEST(std::isnan(value));
        for (const T value : run(kernels::log_softmax_rows<T>, x, {1, d}, d)) BOOST_TEST(std::isnan(value));
        if (d == 1) continue;
        x.back() = -inf;  // a class that is ruled out
        BOOST_TEST(run(kernels::softmax_rows<T>, x, {1, d}, d).back() == T{0});
        BOOST_TEST(run(kernels::log_softmax_rows<T>, x, {1, d}, d).back() == -inf);
        check_close(run(kernels::logsumexp_rows<T>, x, {1, d}, 1), std::vector<T>{T{1} + std::log(T(d - 1))}, 8 * kEpsilon<T>, 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_elements, T, Types) {
  const std::vector<T> none;
  BOOST_TEST(run(kernels::logsumexp_rows<T>, none, {2, 0}, 1) == std::vector<T>(2, -kInfinity<T>));
  BOOST_TEST(run(kernels::logsumexp_rows<T>, none, {0, 3}, 1).empty());
  BOOST_TEST(run(kernels::softmax_rows<T>, none, {2, 0}, 0).empty());
  BOOST_TEST(run(kernels::log_softmax_rows<T>, none, {0, 3}, 3).empty());
  BOOST_TEST(run(kernels::softmax_gradient_rows<T>, none, none, {0, 3}).empty());
  BOOST_TEST(run(kernels::log_softmax_gradient_rows<T>, none, none, {3, 0}).empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(softmax_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE_TEMPLATE(bits_do_not_depend_on_the_number_of_threads, T, Types) {
  for (const Shape& s : {Shape{5000, 10}, Shape{7, 9000}, Shape{100, 1000}}) {
    const std::vector<T> x = logits<T>(s, T{4}), g = random_buffer<T>(s.rows * s.d, 6);
    const auto all = [&](int threads) {
      kernels::set_thread_limit(threads);
      std::vector<std::vector<T>> results = {run(kernels::logsumexp_rows<T>, x, s, 1), run(kernels::softmax_rows<T>, x, s, s.d),
                                             run(kernels::log_softmax_rows<T>, x, s, s.d)};
      results.push_back(run(kernels::softmax_gradient_rows<T>, g, results[1], s));
      results.push_back(run(kernels::log_softmax_gradient_rows<T>, g, results[2], s));
      return results;
    };
    const auto one = all(1);
    for (const int threads : {2, 3, 8}) {
      const auto many = all(threads);
      for (std::size_t i = 0; i < one.size(); ++i) {
        BOOST_TEST_CONTEXT(s << " threads " << threads << " function " << i) { BOOST_TEST(same_bits(many[i], one[i])); }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
