// Elementwise loops: values of the arithmetic and of comparisons, broadcast operands, results over operands, and tails, on every
// instruction set. How exact the functions of <cmath> are is in elementwise_math_test.cpp.
// Covers autograd/kernels/elementwise_arithmetic-inl.h, autograd/kernels/elementwise_loops-inl.h.
#include "autograd/kernels/elementwise.h"

#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "tests/autograd/kernels/targets.h"

namespace chainrule::test {
namespace {

using kernels::BinaryLoop;
using kernels::Elementwise;
using kernels::elementwise;
using kernels::UnaryLoop;
using Types = boost::mpl::list<float, double>;

constexpr std::int64_t kLongest = 70;
constexpr std::size_t kGuard = 16;  ///< elements behind a result that no loop may touch

template <class T>
T nan() {
  return std::numeric_limits<T>::quiet_NaN();
}
template <class T>
T infinity() {
  return std::numeric_limits<T>::infinity();
}

/// Whether the bits agree; any NaN is like any other.
template <class T>
bool same(T a, T b) {
  return std::memcmp(&a, &b, sizeof(T)) == 0 || (std::isnan(a) && std::isnan(b));
}

/// Small, large and special numbers in a mixed order, so that neighbours in a vector differ in kind.
template <class T>
std::vector<T> mixture(unsigned seed, std::size_t n) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<T> unit(-2, 2);
  std::uniform_int_distribution<int> kind(0, 11);
  std::vector<T> x(n);
  for (T& value : x) {
    switch (kind(random)) {
      case 0:
        value = 0;
        break;
      case 1:
        value = T{-0.0};
        break;
      case 2:
        value = nan<T>();
        break;
      case 3:
        value = unit(random) > 0 ? infinity<T>() : -infinity<T>();
        break;
      case 4:
        value = std::ldexp(unit(random), 100);
        break;
      case 5:
        value = std::ldexp(unit(random), -140);
        break;
      case 6:
        value = 200 * unit(random);
        break;
      case 7:
        value = std::round(3 * unit(random));
        break;
      default:
        value = unit(random);
        break;
    }
  }
  return x;
}

/// Ends the test case if the condition is false. For inner loops, in which a million of Boost's checks would take seconds.
void expect(bool holds, const char* what) {
  if (!holds) BOOST_FAIL(what);
}

template <class T>
std::vector<UnaryLoop<T> Elementwise<T>::*> unary_loops() {
  using E = Elementwise<T>;
  return {&E::neg,   &E::abs,     &E::square,   &E::sqrt,  &E::rsqrt, &E::reciprocal, &E::floor,      &E::ceil,
          &E::round, &E::sign,    &E::exp,      &E::expm1, &E::log,   &E::log1p,      &E::sin,        &E::cos,
          &E::tan,   &E::asin,    &E::acos,     &E::atan,  &E::sinh,  &E::cosh,       &E::tanh,       &E::erf,
          &E::relu,  &E::sigmoid, &E::softplus, &E::isnan, &E::isinf, &E::isfinite,   &E::logical_not};
}

/// A function of two operands and its expected values; null if another test has the reference.
template <class T>
struct BinaryCase {
  const char* name;
  BinaryLoop<T> Elementwise<T>::*loop;
  T (*reference)(T, T);
};

template <class T>
std::vector<BinaryCase<T>> binary_cases() {
  using E = Elementwise<T>;
  return {
      {"add", &E::add, [](T a, T b) -> T { return a + b; }},
      {"sub", &E::sub, [](T a, T b) -> T { return a - b; }},
      {"mul", &E::mul, [](T a, T b) -> T { return a * b; }},
      {"div", &E::div, [](T a, T b) -> T { return a / b; }},
      {"pow", &E::pow, nullptr},
      {"atan2", &E::atan2, nullptr},
      {"hypot", &E::hypot, nullptr},
      {"logaddexp", &E::logaddexp, nullptr},
      {"maximum", &E::maximum, [](T a, T b) -> T { return std::isnan(a)   ? a
                                                          : std::isnan(b) ? b
                                                          : a > b         ? a
                                                                          : b; }},
      {"minimum", &E::minimum, [](T a, T b) -> T { return std::isnan(a)   ? a
                                                          : std::isnan(b) ? b
                                                          : a < b         ? a
                                                                          : b; }},
      {"eq", &E::eq, [](T a, T b) -> T { return a == b; }},
      {"ne", &E::ne, [](T a, T b) -> T { return a != b; }},
      {"lt", &E::lt, [](T a, T b) -> T { return a < b; }},
      {"le", &E::le, [](T a, T b) -> T { return a <= b; }},
      {"gt", &E::gt, [](T a, T b) -> T { return a > b; }},
      {"ge", &E::ge, [](T a, T b) -> T { return a >= b; }},
      {"logical_and", &E::logical_and, [](T a, T b) -> T { return a != 0 && b != 0; }},
      {"logical_or", &E::logical_or, [](T a, T b) -> T { return a != 0 || b != 0; }},
      {"threshold", &E::threshold, [](T a, T b) -> T { return b > 0 ? a : 0; }},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise_loops)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_unary_result_depends_on_its_element_alone, T, Types) {
  const std::vector<T> x = mixture<T>(1, kLongest);
  for_each_target([&](const char*) {
    for (const auto loop_of : unary_loops<T>()) {
      const auto loop = elementwise<T>().*loop_of;
      for (std::int64_t n = 0; n <= kLongest; ++n) {
        const std::size_t size = static_cast<std::size_t>(n);
        std::vector<T> y(size + kGuard, T{42});
        loop(x.data(), y.data(), n);
        for (std::size_t i = 0; i < size; ++i) {
          T alone = 0;
          loop(&x[i], &alone, 1);
          if (!same(y[i], alone)) BOOST_FAIL("element " << i << " of " << n << ": " << y[i] << ", alone " << alone);
        }
        for (std::size_t i = size; i < y.size(); ++i) expect(y[i] == T{42}, "written behind the end");
        std::vector<T> in_place(x.begin(), x.begin() + n);
        loop(in_place.data(), in_place.data(), n);
        for (std::size_t i = 0; i < size; ++i) expect(same(in_place[i], y[i]), "in place");
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(binary_values_for_all_steps_lengths_and_aliases, T, Types) {
  const std::vector<T> a = mixture<T>(2, kLongest), b = mixture<T>(3, kLongest);
  for_each_target([&](const char*) {
    for (const BinaryCase<T>& c : binary_cases<T>()) {
      const auto loop = elementwise<T>().*c.loop;
      for (std::int64_t n = 0; n <= kLongest; ++n) {
        const std::size_t size = static_cast<std::size_t>(n);
        for (const std::int64_t a_step : {0, 1}) {
          for (const std::int64_t b_step : {0, 1}) {
            std::vector<T> y(size + kGuard, T{42});
            loop(a.data(), a_step, b.data(), b_step, y.data(), n);
            for (std::size_t i = 0; i < size; ++i) {
              const T left = a[a_step == 0 ? 0 : i], right = b[b_step == 0 ? 0 : i];
              T alone = 0;
              loop(&left, 1, &right, 1, &alone, 1);
              const T want = c.reference == nullptr ? alone : c.reference(left, right);
              if (!same(y[i], alone)) BOOST_FAIL(c.name << ", element " << i << " of " << n << ": " << y[i] << ", alone " << alone);
              if (!same(y[i], want)) BOOST_FAIL(c.name << "(" << left << ", " << right << ") = " << y[i] << ", not " << want);
            }
            for (std::size_t i = size; i < y.size(); ++i) expect(y[i] == T{42}, "written behind the end");
            std::vector<T> over_a = a, over_b = b;
            loop(over_a.data(), a_step, b.data(), b_step, over_a.data(), n);
            loop(a.data(), a_step, over_b.data(), b_step, over_b.data(), n);
            for (std::size_t i = 0; i < size; ++i) expect(same(over_a[i], y[i]) && same(over_b[i], y[i]), c.name);
          }
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(where_takes_a_unless_the_condition_is_zero, T, Types) {
  const std::vector<T> condition = mixture<T>(4, kLongest), a = mixture<T>(5, kLongest), b = mixture<T>(6, kLongest);
  for_each_target([&](const char*) {
    for (std::int64_t n = 0; n <= kLongest; ++n) {
      for (int steps = 0; steps < 8; ++steps) {
        const std::size_t sc = steps & 1, sa = steps >> 1 & 1, sb = steps >> 2 & 1, size = static_cast<std::size_t>(n);
        std::vector<T> y(size + kGuard, T{42});
        elementwise<T>().where(condition.data(), steps & 1, a.data(), steps >> 1 & 1, b.data(), steps >> 2 & 1, y.data(), n);
        for (std::size_t i = 0; i < size; ++i) expect(same(y[i], condition[i * sc] != 0 ? a[i * sa] : b[i * sb]), "where");
        for (std::size_t i = size; i < y.size(); ++i) expect(y[i] == T{42}, "written behind the end");
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(clamp_keeps_nan_and_the_upper_limit_wins, T, Types) {
  for_each_target([&](const char*) {
    const std::vector<T> x = {-3, -1, 0, 2, 5, infinity<T>(), -infinity<T>(), nan<T>()};
    std::vector<T> y(x.size());
    elementwise<T>().clamp(x.data(), -1, 2, y.data(), 8);
    const std::vector<T> want = {-1, -1, 0, 2, 2, 2, -1, nan<T>()};
    for (std::size_t i = 0; i < x.size(); ++i) BOOST_TEST(same(y[i], want[i]), x[i] << " -> " << y[i]);
    elementwise<T>().clamp(x.data(), 4, 1, y.data(), 8);
    for (std::size_t i = 0; i < 7; ++i) BOOST_TEST(y[i] == T{1});
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(fill_axpy_and_convert_for_all_lengths, T, Types) {
  const std::vector<T> x = mixture<T>(7, kLongest), start = mixture<T>(8, kLongest);
  std::vector<std::uint8_t> bytes(256);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(255 - i);
  const T scale = T{1} / 3, shift = T(-0.1307);
  for_each_target([&](const char*) {
    for (std::int64_t n = 0; n <= kLongest; ++n) {
      const std::size_t size = static_cast<std::size_t>(n);
      std::vector<T> y(size + kGuard, T{42});
      elementwise<T>().fill(T{7}, y.data(), n);
      for (std::size_t i = 0; i < y.size(); ++i) expect(y[i] == (i < size ? T{7} : T{42}), "fill");
      std::copy_n(start.begin(), n, y.begin());
      elementwise<T>().axpy(scale, x.data(), y.data(), n);
      for (std::size_t i = 0; i < size; ++i) {
        const volatile T product = scale * x[i];  // rounded by itself
        expect(same(y[i], start[i] + product), "axpy");
      }
      for (std::size_t i = size; i < y.size(); ++i) expect(y[i] == T{42}, "written behind the end");
      elementwise<T>().convert_u8(bytes.data() + n, scale, shift, y.data(), n);
      for (std::size_t i = 0; i < size; ++i) {
        const volatile T product = static_cast<T>(bytes[size + i]) * scale;
        expect(y[i] == product + shift, "convert_u8");
      }
      for (std::size_t i = size; i < y.size(); ++i) expect(y[i] == T{42}, "written behind the end");
    }
    std::vector<T> all(bytes.size());
    elementwise<T>().convert_u8(bytes.data(), T{1}, T{0}, all.data(), 256);
    for (std::size_t i = 0; i < all.size(); ++i) BOOST_TEST(all[i] == static_cast<T>(bytes[i]));
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(add_rows_adds_one_row_to_each, T, Types) {
  for_each_target([&](const char*) {
    for (const std::int64_t d : {0, 1, 2, 3, 4, 5, 7, 8, 10, 15, 16, 17, 31, 33, 64, 100, 300}) {
      for (const std::int64_t rows : {0, 1, 2, 3, 9, 40}) {
        const std::size_t size = static_cast<std::size_t>(rows * d);
        const std::vector<T> x = mixture<T>(9, size), row = mixture<T>(10, static_cast<std::size_t>(d));
        std::vector<T> y(size + kGuard, T{42}), in_place = x;
        elementwise<T>().add_rows(x.data(), row.data(), y.data(), rows, d);
        elementwise<T>().add_rows(in_place.data(), row.data(), in_place.data(), rows, d);
        for (std::size_t i = 0; i < size; ++i) {
          expect(same(y[i], x[i] + row[i % static_cast<std::size_t>(d)]), "add_rows");
          expect(same(in_place[i], y[i]), "add_rows in place");
        }
        for (std::size_t i = size; i < y.size(); ++i) expect(y[i] == T{42}, "written behind the end");
      }
    }
  });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(finish_rows_is_add_rows_and_relu_between_gaps, T, Types) {
  for_each_target([&](const char*) {
    for (const std::int64_t d : {1, 3, 8, 15, 16, 17, 33, 64, 100}) {
      for (const std::int64_t gap : {0, 5}) {
        for (const std::int64_t rows : {0, 1, 9}) {
          const std::int64_t stride = d + gap;
          const std::vector<T> x = mixture<T>(11, static_cast<std::size_t>(rows * stride)),
                               row = mixture<T>(12, static_cast<std::size_t>(d));
          for (const bool has_row : {false, true}) {
            for (const bool relu : {false, true}) {
              std::vector<T> y = x;
              elementwise<T>().finish_rows(has_row ? row.data() : nullptr, relu, y.data(), stride, rows, d);
              for (std::size_t at = 0; at < x.size(); ++at) {
                const std::size_t i = at % static_cast<std::size_t>(stride);
                T expected = x[at];
                if (i < static_cast<std::size_t>(d)) {
                  if (has_row) expected += row[i];
                  if (relu && expected <= 0) expected = 0;
                }
                expect(same(y[at], expected), "finish_rows");
              }
            }
          }
        }
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
