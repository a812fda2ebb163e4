// Centering and squares against plain sums in long double on every instruction set: far from 0, of equal numbers, at both ends of the
// range, and the same bits on any number of threads.
#include "autograd/kernels/moments.h"

#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "autograd/parallel/parallel.h"
#include "tests/autograd/kernels/buffers.h"
#include "tests/autograd/kernels/targets.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using Types = boost::mpl::list<float, double>;

struct Shape {
  std::int64_t outer, n, inner;
  std::size_t size() const { return static_cast<std::size_t>(outer * n * inner); }
  std::size_t results() const { return static_cast<std::size_t>(outer * inner); }
  std::size_t at(std::int64_t o, std::int64_t j, std::int64_t i) const { return static_cast<std::size_t>((o * n + j) * inner + i); }
};

std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << "[" << s.outer << ", " << s.n << ", " << s.inner << "]"; }

const Shape kShapes[] = {{1, 1, 1},  {3, 1, 2},    {5, 7, 1},      {2, 17, 3},    {4, 300, 1},   {300, 20, 1},
                         {2, 65, 9}, {2, 5000, 1}, {1, 100000, 1}, {2, 70000, 1}, {1, 20000, 3}, {3, 40, 300}};

template <class T>
std::vector<T> centered(const std::vector<T>& x, const Shape& s) {
  std::vector<T> y(s.size(), T{-77});
  kernels::center(x.data(), s.outer, s.n, s.inner, y.data());
  return y;
}

template <class T>
std::vector<T> roots(const std::vector<T>& x, const Shape& s, double divisor, double epsilon) {
  std::vector<T> y(s.results(), T{-77});
  kernels::root_of_squares(x.data(), s.outer, s.n, s.inner, divisor, epsilon, y.data());
  return y;
}

template <class T>
std::vector<T> means(const std::vector<T>& x, const Shape& s, double divisor) {
  std::vector<T> y(s.results(), T{-77});
  kernels::mean_of_squares(x.data(), s.outer, s.n, s.inner, divisor, y.data());
  return y;
}

template <class T>
std::vector<T> plain_means(const std::vector<T>& x, const Shape& s) {
  std::vector<T> y(s.results(), T{-77});
  kernels::mean(x.data(), s.outer, s.n, s.inner, y.data());
  return y;
}

// f(o, i, the column) for each result.
template <class T, class F>
void for_each_column(const std::vector<T>& x, const Shape& s, F f) {
  for (std::int64_t o = 0; o < s.outer; ++o)
    for (std::int64_t i = 0; i < s.inner; ++i) {
      std::vector<long double> column;
      for (std::int64_t j = 0; j < s.n; ++j) column.push_back(static_cast<long double>(x[s.at(o, j, i)]));
      f(o, i, column);
    }
}

long double sum_of_squares(const std::vector<long double>& column) {
  long double total = 0;
  for (const long double x : column) total += x * x;
  return total;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(moments)

BOOST_AUTO_TEST_CASE_TEMPLATE(means_far_from_0, T, Types) {
  for_each_target([](const char*) {
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    for (const Shape& s : kShapes) {
      std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 1);
      const T offset = static_cast<T>(1.2 / epsilon);
      for (T& value : x) value = value * T{1e5} + offset;
      const std::vector<T> y = plain_means(x, s);
      double worst = 0;
      for_each_column(x, s, [&](std::int64_t o, std::int64_t i, const std::vector<long double>& column) {
        long double total = 0;
        for (const long double value : column) total += value;
        const long double mean = total / static_cast<long double>(s.n), got = y[static_cast<std::size_t>(o * s.inner + i)];
        worst = std::max(worst, static_cast<double>(std::abs(got - mean) / mean) / epsilon);
      });
      // Half a unit in the last place is half an epsilon at most. Sums of float64 are rounded like those of sum().
      BOOST_TEST(worst <= (sizeof(T) == 4 ? 0.51 : 4), s << " has an error of " << worst << " epsilon");
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(means_of_large_numbers, T, Types) {
  for_each_target([](const char*) {
    const T most = std::numeric_limits<T>::max(), quarter = most / 4;
    for (const Shape& s : kShapes) {
      if (s.n % 4 != 0) continue;
      std::vector<T> x(s.size(), most);
      for (std::int64_t o = 0; o < s.outer; ++o)
        for (std::int64_t j = 0; j < s.n; j += 4)
          for (std::int64_t i = 0; i < s.inner; ++i) x[s.at(o, j, i)] = -most;
      for (const T mean : plain_means(x, s)) BOOST_TEST(std::abs(mean / (2 * quarter) - 1) < 1e-6);
    }
    BOOST_TEST(std::isnan(plain_means<T>({}, {1, 0, 1})[0]));
    BOOST_TEST(std::isinf(plain_means<T>({most, std::numeric_limits<T>::infinity()}, {1, 2, 1})[0]));
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(differences_from_a_mean_far_from_0, T, Types) {
  for_each_target([](const char*) {
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    for (const Shape& s : kShapes) {
      std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 1);
      const T offset = static_cast<T>(0.01 / epsilon);  // a difference of 1 has some 100 steps there
      for (T& value : x) value += offset;
      const std::vector<T> y = centered(x, s);
      double worst = 0;
      for_each_column(x, s, [&](std::int64_t o, std::int64_t i, const std::vector<long double>& column) {
        long double mean = 0, largest = 0;
        for (const long double value : column) mean += (value - static_cast<long double>(offset)) / static_cast<long double>(s.n);
        const auto difference = [&](long double value) { return value - static_cast<long double>(offset) - mean; };
        for (const long double value : column) largest = std::max(largest, std::abs(difference(value)));
        for (std::int64_t j = 0; j < s.n; ++j) {
          const long double error = std::abs(static_cast<long double>(y[s.at(o, j, i)]) - difference(column[static_cast<std::size_t>(j)]));
          if (error > 0) worst = std::max(worst, static_cast<double>(error / largest));
        }
      });
      BOOST_TEST(worst <= 4 * epsilon, s << " has an error of " << worst / epsilon << " epsilon");
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(equal_numbers_become_exactly_0, T, Types) {
  for_each_target([](const char*) {
    for (const Shape& s : kShapes)
      for (const T value : {T(0.1), T(14.62), T(-1e30)})
        BOOST_TEST(centered(std::vector<T>(s.size(), value), s) == std::vector<T>(s.size(), T{0}));
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_sum_that_overflows_does_not_spoil_the_mean, T, Types) {
  const T big = std::numeric_limits<T>::max() / 2;
  BOOST_TEST(centered<T>({big, big, big, big / 2, big, big / 2}, {1, 6, 1}) ==
                 (std::vector<T>{big / 6, big / 6, big / 6, -big / 3, big / 6, -big / 3}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(roots_over_the_whole_range, T, Types) {
  for_each_target([](const char*) {
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    const double large = static_cast<double>(std::numeric_limits<T>::max()) / 1e8,
                 small = static_cast<double>(std::numeric_limits<T>::min()) * 1e8;
    for (const Shape& s : kShapes) {
      for (const double scale : {1.0, 1e10, 1e-10, std::sqrt(large), std::sqrt(small), large, small}) {
        std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 2);
        for (T& value : x) value = static_cast<T>(static_cast<double>(value) * scale);
        const std::vector<T> y = roots(x, s, 3, 0), shifted = roots(x, s, 3, 0.25), squares = means(x, s, 3);
        double worst = 0;
        for_each_column(x, s, [&](std::int64_t o, std::int64_t i, const std::vector<long double>& column) {
          const auto at = static_cast<std::size_t>(o * s.inner + i);
          const long double mean = sum_of_squares(column) / 3, root = std::sqrt(mean), other = std::sqrt(mean + 0.25L);
          worst = std::max({worst, static_cast<double>(std::abs(static_cast<long double>(y[at]) - root) / root),
                            static_cast<double>(std::abs(static_cast<long double>(shifted[at]) - other) / other)});
          if (scale >= 1e-10 && scale <= 1e10)
            worst = std::max(worst, static_cast<double>(std::abs(static_cast<long double>(squares[at]) - mean) / mean));
        });
        BOOST_TEST(worst <= 16 * epsilon, s << " times " << scale << " has an error of " << worst / epsilon << " epsilon");
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(roots_where_there_is_nothing_to_scale, T, Types) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  BOOST_TEST(roots<T>({0, 0}, {1, 2, 1}, 1, 0) == std::vector<T>{0});
  BOOST_TEST(roots<T>({0, 0}, {1, 2, 1}, 1, 4) == std::vector<T>{2});
  BOOST_TEST(roots<T>({}, {1, 0, 2}, 1, 4) == (std::vector<T>{2, 2}));
  BOOST_TEST(roots<T>({1, -inf}, {1, 2, 1}, 1, 0) == std::vector<T>{inf});
  BOOST_TEST(std::isnan(roots<T>({inf, nan}, {1, 2, 1}, 1, 0)[0]));
  BOOST_TEST(std::isnan(roots<T>({0}, {1, 1, 1}, 0, 0)[0]));
  // A sum of squares that overflows, and its mean, which does not.
  const T big = std::sqrt(std::numeric_limits<T>::max()) / 2;
  BOOST_TEST(means(std::vector<T>(16, big), {1, 16, 1}, 16)[0] == big * big,
             boost::test_tools::tolerance(4 * std::numeric_limits<T>::epsilon()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(moments_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE_TEMPLATE(bits_do_not_depend_on_the_number_of_threads, T, Types) {
  for (const Shape& s : {Shape{1, 1'000'000, 1}, {3, 100'001, 1}, {60000, 10, 1}, {1, 60000, 10}, {4, 300, 700}}) {
    const std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 4);
    kernels::set_thread_limit(1);
    const std::vector<T> differences = centered(x, s), root = roots(x, s, 2, 0.5), mean = plain_means(x, s);
    for (const int threads : {2, 3, 8}) {
      kernels::set_thread_limit(threads);
      BOOST_TEST_CONTEXT(s << " threads " << threads) {
        BOOST_TEST(same_bits(centered(x, s), differences));
        BOOST_TEST(same_bits(roots(x, s, 2, 0.5), root));
        BOOST_TEST(same_bits(plain_means(x, s), mean));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
