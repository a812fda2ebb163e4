// Reductions against plain loops on every instruction set: each position of the axis, lengths around the lanes and the halves,
// NaN and infinities, errors of long sums, and the same bits on any number of threads.
// Covers autograd/kernels/reduce_loops.cpp.
#include "autograd/kernels/reduce.h"

#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "autograd/parallel/float_mode.h"
#include "autograd/parallel/parallel.h"
#include "tests/autograd/kernels/buffers.h"
#include "tests/autograd/kernels/targets.h"
#include "tests/autograd/parallel/threads.h"

namespace chainrule::test {
namespace {

using Types = boost::mpl::list<float, double>;

template <class T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();

struct Shape {
  std::int64_t outer, n, inner;
  std::size_t size() const { return static_cast<std::size_t>(outer * n * inner); }
  std::size_t results() const { return static_cast<std::size_t>(outer * inner); }
};

std::ostream& operator<<(std::ostream& out, const Shape& s) { return out << "[" << s.outer << ", " << s.n << ", " << s.inner << "]"; }

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = [] {
    std::vector<Shape> result;
    for (const std::int64_t outer : {1, 3}) {
      for (const std::int64_t n : {1, 2, 3, 7, 16, 17, 33, 64, 65, 100, 129}) {
        for (const std::int64_t inner : {1, 2, 3, 4, 7, 16, 17, 33, 70}) result.push_back({outer, n, inner});
      }
    }
    result.insert(result.end(), {{500, 10, 1},
                                 {2, 1025, 1},
                                 {1, 3000, 1},
                                 {1, 200000, 1},
                                 {3, 70000, 1},
                                 {1, 40000, 3},
                                 {1, 1000, 300},
                                 {2, 9000, 10},
                                 {1, 3, 1000}});
    return result;
  }();
  return all;
}

/// y[o, i] = fold over j, in order, starting at the first element.
template <class To, class T, class Fold>
std::vector<To> naive(const std::vector<T>& x, const Shape& s, Fold fold) {
  std::vector<To> y;
  for (std::int64_t o = 0; o < s.outer; ++o) {
    for (std::int64_t i = 0; i < s.inner; ++i) {
      std::vector<T> column;
      for (std::int64_t j = 0; j < s.n; ++j) column.push_back(x[static_cast<std::size_t>((o * s.n + j) * s.inner + i)]);
      y.push_back(fold(column));
    }
  }
  return y;
}

using kernels::Reduction;

template <class T>
std::vector<T> run(Reduction kind, const std::vector<T>& x, const Shape& s) {
  std::vector<T> y(s.results(), T{-77});
  kernels::reduce(kind, x.data(), s.outer, s.n, s.inner, y.data());
  return y;
}

template <class T>
std::vector<std::int64_t> run_arg(Reduction kind, const std::vector<T>& x, const Shape& s) {
  std::vector<std::int64_t> y(s.results(), -77);
  kernels::reduce_arg(kind, x.data(), s.outer, s.n, s.inner, y.data());
  return y;
}

/// Near 1, or only the signs where many are multiplied, so that products of n values do not overflow.
template <class T>
std::vector<T> factors_of(std::vector<T> x, std::int64_t n) {
  for (T& value : x) value = n < 200 ? T{1} + value / 4 : std::copysign(T{1}, value);
  return x;
}

template <class T>
std::vector<T> run_product_gradient(const std::vector<T>& x, const std::vector<T>& grad, const Shape& s) {
  std::vector<T> y(s.size(), T{-77});
  kernels::product_gradient(x.data(), grad.data(), s.outer, s.n, s.inner, y.data());
  return y;
}

/// grad times the product of the other elements, from the product of all nonzero elements and the number of zeros.
template <class T>
std::vector<long double> naive_product_gradient(const std::vector<T>& x, const std::vector<T>& grad, const Shape& s) {
  std::vector<long double> y(s.size());
  for (std::size_t group = 0; group < s.results(); ++group) {
    const auto inner = static_cast<std::size_t>(s.inner), n = static_cast<std::size_t>(s.n);
    const std::size_t first = group / inner * n * inner + group % inner;
    long double product = static_cast<long double>(grad[group]);
    int zeros = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const T value = x[first + j * inner];
      value == 0 ? static_cast<void>(++zeros) : static_cast<void>(product *= static_cast<long double>(value));
    }
    for (std::size_t j = 0; j < n; ++j) {
      const T value = x[first + j * inner];
      const bool only_zero = zeros == 1 && value == 0;
      y[first + j * inner] = only_zero ? product : zeros > 0 ? 0 : product / static_cast<long double>(value);
    }
  }
  return y;
}

template <class T>
T largest(const std::vector<T>& column) {
  for (const T value : column) {
    if (std::isnan(value)) return value;
  }
  return *std::max_element(column.begin(), column.end());
}

template <class T>
T smallest(const std::vector<T>& column) {
  for (const T value : column) {
    if (std::isnan(value)) return value;
  }
  return *std::min_element(column.begin(), column.end());
}

/// The first position of `value`, or of a NaN if it is one.
template <class T>
std::int64_t position(const std::vector<T>& column, T value) {
  return std::find_if(column.begin(), column.end(), [value](T x) { return x == value || (std::isnan(x) && std::isnan(value)); }) -
         column.begin();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reduce)

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_and_products, T, Types) {
  for_each_target([](const char*) {
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    for (const Shape& s : shapes()) {
      BOOST_TEST_CONTEXT(s) {
        const std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 1);
        const auto sum = [](const std::vector<T>& column) {
          long double total = 0;
          for (const T value : column) total += static_cast<long double>(value);
          return total;
        };
        check_close(run(Reduction::sum, x, s), naive<long double>(x, s, sum), 4 * epsilon,
                    4 * epsilon * std::sqrt(static_cast<double>(s.n)));

        const std::vector<T> factors = factors_of(x, s.n);
        const auto product = [](const std::vector<T>& column) {
          long double total = 1;
          for (const T value : column) total *= static_cast<long double>(value);
          return total;
        };
        const double error = epsilon * (4 + std::sqrt(static_cast<double>(s.n)));
        check_close(run(Reduction::prod, factors, s), naive<long double>(factors, s, product), error, 0);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(gradients_of_products, T, Types) {
  for_each_target([](const char*) {
    for (const Shape& s : shapes()) {
      BOOST_TEST_CONTEXT(s) {
        const std::vector<T> grad = random_buffer<T>(static_cast<std::int64_t>(s.results()), 6);
        std::vector<T> x = factors_of(random_buffer<T>(static_cast<std::int64_t>(s.size()), 5), s.n);
        const double error = static_cast<double>(std::numeric_limits<T>::epsilon()) * (4 + std::sqrt(static_cast<double>(s.n)));
        for (const std::int64_t zeros : {0, 1, 2}) {  // in each row or column but the first
          if (zeros > s.n) continue;
          for (std::size_t group = 1; group < s.results() && zeros > 0; ++group) {
            const auto inner = static_cast<std::size_t>(s.inner), n = static_cast<std::size_t>(s.n);
            const std::size_t row = zeros == 1 ? group * 7 % n : (group * 7 + n / 2 + (n > 2 ? 1 : n / 2)) % n;
            x[group / inner * n * inner + row * inner + group % inner] = 0;
          }
          check_close(run_product_gradient(x, grad, s), naive_product_gradient(x, grad, s), error, 0);
        }
      }
    }
  });
  const std::vector<T> none;
  BOOST_TEST(run_product_gradient(none, none, {0, 4, 3}).empty());
  BOOST_TEST(run_product_gradient(none, {1, 1}, {2, 0, 1}).empty());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(extremes_and_where_they_are, T, Types) {
  for_each_target([](const char*) {
    for (const Shape& s : shapes()) {
      BOOST_TEST_CONTEXT(s) {
        std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 2);
        for (T& value : x) value = std::round(value * 50);  // so that the largest comes more than once
        for (std::size_t i = 0; i < x.size(); i += 701) x[i] = i % 2 == 0 ? kInfinity<T> : -kInfinity<T>;
        for (std::size_t i = 5; i < x.size(); i += 997) x[i] = kNan<T>;
        check_close(run(Reduction::max, x, s), naive<T>(x, s, largest<T>), 0, 0);
        check_close(run(Reduction::min, x, s), naive<T>(x, s, smallest<T>), 0, 0);
        BOOST_TEST(run_arg(Reduction::max, x, s) ==
                   naive<std::int64_t>(x, s, [](const std::vector<T>& column) { return position(column, largest(column)); }));
        BOOST_TEST(run_arg(Reduction::min, x, s) ==
                   naive<std::int64_t>(x, s, [](const std::vector<T>& column) { return position(column, smallest(column)); }));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_nan_is_found_wherever_it_lies, T, Types) {
  for_each_target([](const char*) {
    for (const Shape& s : {Shape{1, 100, 1}, Shape{1, 5, 1}, Shape{1, 9, 21}, Shape{1, 130, 3}}) {
      for (std::size_t at = 0; at < s.size(); ++at) {
        std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 3);
        x[at] = kNan<T>;
        const std::size_t result = at % static_cast<std::size_t>(s.inner);
        for (const Reduction kind : {Reduction::sum, Reduction::prod, Reduction::max, Reduction::min}) {
          const std::vector<T> y = run(kind, x, s);
          BOOST_TEST(std::isnan(y[result]));
          BOOST_TEST(std::count_if(y.begin(), y.end(), [](T value) { return std::isnan(value); }) == 1);
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_of_one_infinity_keep_it, T, Types) {
  for (const std::int64_t n : {1, 5, 16, 100}) {
    for (const T value : {kInfinity<T>, -kInfinity<T>}) {
      const std::vector<T> x(static_cast<std::size_t>(n), value);
      BOOST_TEST(run(Reduction::max, x, {1, n, 1})[0] == value);
      BOOST_TEST(run(Reduction::min, x, {1, n, 1})[0] == value);
      BOOST_TEST(run(Reduction::sum, x, {1, n, 1})[0] == value);
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_extreme_is_an_element_also_where_denormals_are_zeros, T, Types) {
  for_each_target([](const char*) {
    const kernels::FloatModeScope flush(kernels::flushing());
    for (const Shape& s : {Shape{1, 3, 1}, {1, 5, 1}, {1, 10, 1}, {1, 40, 1}, {1, 10, 20}}) {
      for (const bool largest : {true, false}) {
        const T extreme = largest ? std::numeric_limits<T>::denorm_min() : -std::numeric_limits<T>::denorm_min();
        std::vector<T> x(s.size(), largest ? T{-1} : T{1});
        for (std::int64_t i = 0; i < s.inner; ++i) x[static_cast<std::size_t>(s.inner * (s.n / 2) + i)] = extreme;
        const std::vector<T> y = run(largest ? Reduction::max : Reduction::min, x, s);
        BOOST_TEST(same_bits(y, std::vector<T>(s.results(), extreme)));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_elements, T, Types) {
  const std::vector<T> none;
  BOOST_TEST(run(Reduction::sum, none, {2, 0, 3}) == std::vector<T>(6, T{0}));
  BOOST_TEST(run(Reduction::prod, none, {2, 0, 1}) == std::vector<T>(2, T{1}));
  BOOST_TEST(run(Reduction::sum, none, {0, 4, 3}).empty());
  BOOST_TEST(run(Reduction::max, none, {3, 4, 0}).empty());
  BOOST_TEST(run_arg(Reduction::max, none, {0, 4, 1}).empty());
}

BOOST_AUTO_TEST_CASE(errors_of_long_float_sums_stay_small) {
  constexpr std::int64_t kMany = 10'000'000;
  const std::vector<float> x(static_cast<std::size_t>(kMany), 0.1F);
  const double expected = static_cast<double>(0.1F) * static_cast<double>(kMany);
  check_close(run(Reduction::sum, x, {1, kMany, 1}), std::vector<double>(1, expected), 1e-6, 0);
  check_close(run(Reduction::sum, x, {1, kMany / 4, 4}), std::vector<double>(4, expected / 4), 1e-6, 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(reduce_threads, AlwaysFork)

BOOST_AUTO_TEST_CASE_TEMPLATE(bits_do_not_depend_on_the_number_of_threads, T, Types) {
  for (const Shape& s :
       {Shape{1, 1'000'000, 1}, {3, 100'001, 1}, {60000, 10, 1}, {1, 60000, 10}, {1, 512, 784}, {4, 300, 700}, {2, 9, 40000}}) {
    const std::vector<T> x = random_buffer<T>(static_cast<std::int64_t>(s.size()), 4);
    for (const Reduction kind : {Reduction::sum, Reduction::prod, Reduction::max, Reduction::min}) {
      kernels::set_thread_limit(1);
      const std::vector<T> one = run(kind, x, s);
      for (const int threads : {2, 3, 8}) {
        kernels::set_thread_limit(threads);
        BOOST_TEST_CONTEXT(s << " threads " << threads) { BOOST_TEST(same_bits(run(kind, x, s), one)); }
      }
    }
    const std::vector<T> factors = factors_of(x, s.n), grad = random_buffer<T>(static_cast<std::int64_t>(s.results()), 5);
    kernels::set_thread_limit(1);
    const std::vector<T> one = run_product_gradient(factors, grad, s);
    for (const int threads : {2, 3, 8}) {
      kernels::set_thread_limit(threads);
      BOOST_TEST_CONTEXT(s << " threads " << threads) { BOOST_TEST(same_bits(run_product_gradient(factors, grad, s), one)); }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
