// The accuracy of elementwise functions in units in the last place, over all exponents and both signs, on every instruction set, and that
// no element depends on its neighbours. References are computed in the next wider type.
// Covers autograd/kernels/sleef-inl.h.
#include <algorithm>
#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iomanip>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/kernels/elementwise.h"
#include "tests/autograd/kernels/targets.h"

namespace chainrule::test {
namespace {

using kernels::Elementwise;
using kernels::elementwise;
using Types = boost::mpl::list<float, double>;

template <class T>
using Wider = std::conditional_t<std::is_same_v<T, float>, double, long double>;

template <class T>
T infinity() {
  return std::numeric_limits<T>::infinity();
}

/// |got - want| in units of the last place of T at want; infinite where one is NaN or a zero has the wrong sign.
template <class T>
double ulp_distance(T got, Wider<T> want) {
  using W = Wider<T>;
  using Limits = std::numeric_limits<T>;
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want) ? 0.0 : infinity<double>();
  if (got == T{0} && std::signbit(got) != std::signbit(want)) return infinity<double>();
  // Infinity counts as the power of two that follows the largest number.
  const W top = std::ldexp(W{1}, Limits::max_exponent);
  const W a = std::clamp(static_cast<W>(got), -top, top), b = std::clamp(want, -top, top);
  if (a == b) return 0.0;
  int exponent = 0;
  std::frexp(b, &exponent);
  const W unit = std::ldexp(W{1}, (b == 0 ? Limits::min_exponent : std::max(exponent, Limits::min_exponent)) - Limits::digits);
  return static_cast<double>(std::abs(a - b) / unit);
}

/// Shuffled numbers: zeros, infinities, NaN, denormals, both ends of the range and, with both signs, `mantissas` numbers of every exponent;
/// the points where functions overflow, saturate or vanish, each with its neighbours; and numbers in [-20, 20], as in networks.
template <class T>
std::vector<T> arguments(int mantissas) {
  using Limits = std::numeric_limits<T>;
  std::mt19937_64 random(1);
  std::uniform_real_distribution<T> fraction(1, 2), common(-20, 20);
  std::vector<T> x = {T{0}, infinity<T>(), Limits::quiet_NaN(), Limits::denorm_min(), Limits::max(), Limits::min()};
  for (int exponent = Limits::min_exponent - Limits::digits; exponent < Limits::max_exponent; ++exponent) {
    x.push_back(std::ldexp(T{1}, exponent));
    for (int i = 0; i < mantissas; ++i) x.push_back(std::ldexp(fraction(random), exponent));
  }
  const double edges[] = {0.5,
                          1,
                          1.5,
                          2,
                          2.5,
                          3,
                          4,
                          5,
                          6,
                          8.664,
                          9.01,
                          10,
                          15,
                          16.6,
                          17.33,
                          18.7,
                          19.06,
                          22.18,
                          36.04,
                          37.4,
                          44.36,
                          87.33,
                          87.34,
                          88,
                          88.376,
                          88.72,
                          89.41,
                          103.97,
                          104.5,
                          125,
                          150,
                          708.39,
                          709,
                          709.78,
                          710,
                          710.47,
                          711,
                          744.44,
                          745.13,
                          746,
                          1000,
                          39000,
                          1e6,
                          8388607,
                          8388608,
                          1e7,
                          16777216,
                          1e14,
                          1e15,
                          1e18,
                          1e38,
                          3.1415926535897931,
                          1.5707963267948966,
                          6.283185307179586,
                          22,
                          355,
                          0.6931471805599453,
                          2.718281828459045};
  for (const double edge : edges) {
    T above = static_cast<T>(edge), below = above;
    for (int i = 0; i < 20; ++i) {
      x.push_back(above);
      x.push_back(below);
      above = std::nextafter(above, infinity<T>());
      below = std::nextafter(below, -infinity<T>());
    }
  }
  const std::size_t positive = x.size();
  for (std::size_t i = 0; i < positive; ++i) x.push_back(-x[i]);
  for (int i = 0; i < 20000; ++i) x.push_back(common(random));
  std::shuffle(x.begin(), x.end(), random);
  return x;
}

template <class T>
struct UnaryCase {
  const char* name;
  kernels::UnaryLoop<T> Elementwise<T>::*loop;
  Wider<T> (*reference)(Wider<T>);
  double bound;  ///< in ULP, where SLEEF has vectors; std::, which does the work elsewhere, keeps to 2
};

template <class T>
std::vector<UnaryCase<T>> unary_cases() {
  using W = Wider<T>;
  using E = Elementwise<T>;
  return {
      {"neg", &E::neg, [](W x) -> W { return -x; }, 0},
      {"abs", &E::abs, [](W x) -> W { return std::abs(x); }, 0},
      {"square", &E::square, [](W x) -> W { return x * x; }, 0.5},
      {"sqrt", &E::sqrt, [](W x) -> W { return std::sqrt(x); }, 0.5},
      {"rsqrt", &E::rsqrt, [](W x) -> W { return 1 / std::sqrt(x); }, 1.5},
      {"reciprocal", &E::reciprocal, [](W x) -> W { return 1 / x; }, 0.5},
      {"floor", &E::floor, [](W x) -> W { return std::floor(x); }, 0},
      {"ceil", &E::ceil, [](W x) -> W { return std::ceil(x); }, 0},
      {"round", &E::round, [](W x) -> W { return std::nearbyint(x); }, 0},
      {"sign", &E::sign, [](W x) -> W { return std::isnan(x) ? x : W(x > 0) - W(x < 0); }, 0},
      {"exp", &E::exp, [](W x) -> W { return std::exp(x); }, 1},
      {"expm1", &E::expm1, [](W x) -> W { return std::expm1(x); }, 1},
      {"log", &E::log, [](W x) -> W { return std::log(x); }, 1},
      {"log1p", &E::log1p, [](W x) -> W { return std::log1p(x); }, 1},
      {"sin", &E::sin, [](W x) -> W { return std::sin(x); }, 1},
      {"cos", &E::cos, [](W x) -> W { return std::cos(x); }, 1},
      {"tan", &E::tan, [](W x) -> W { return std::tan(x); }, 1},
      {"asin", &E::asin, [](W x) -> W { return std::asin(x); }, 1},
      {"acos", &E::acos, [](W x) -> W { return std::acos(x); }, 1},
      {"atan", &E::atan, [](W x) -> W { return std::atan(x); }, 1},
      {"sinh", &E::sinh, [](W x) -> W { return std::sinh(x); }, 1},
      {"cosh", &E::cosh, [](W x) -> W { return std::cosh(x); }, 1},
      {"tanh", &E::tanh, [](W x) -> W { return std::tanh(x); }, 1},
      {"erf", &E::erf, [](W x) -> W { return std::erf(x); }, 1},
      {"one_minus_square", &E::one_minus_square, [](W x) -> W { return (1 - x) * (1 + x); }, 1.5},
      {"gaussian", &E::gaussian, [](W x) -> W { return std::exp(-x * x); }, 2},
      {"normal_density", &E::normal_density, [](W x) -> W { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(W{-1})); }, 3.5},
      {"normal_cdf", &E::normal_cdf, [](W x) -> W { return std::erfc(-x / std::sqrt(W{2})) / 2; }, 4},
      {"relu", &E::relu, [](W x) -> W { return x <= 0 ? 0 : x; }, 0},
      {"sigmoid", &E::sigmoid, [](W x) -> W { return 1 / (1 + std::exp(-x)); }, 2.5},
      {"softplus", &E::softplus, [](W x) -> W { return x <= 0 ? std::log1p(std::exp(x)) : x + std::log1p(std::exp(-x)); }, 1.5},
      {"isnan", &E::isnan, [](W x) -> W { return std::isnan(x); }, 0},
      {"isinf", &E::isinf, [](W x) -> W { return std::isinf(x); }, 0},
      {"isfinite", &E::isfinite, [](W x) -> W { return std::isfinite(x); }, 0},
      {"logical_not", &E::logical_not, [](W x) -> W { return x == 0; }, 0},
  };
}

/// Checks results against references and against the same elements computed alone.
template <class T>
void check_results(const std::string& what, double bound, const std::vector<T>& got, const std::vector<T>& alone,
                   const std::vector<Wider<T>>& want, const std::vector<std::string>& argument) {
  double worst = 0;
  std::size_t at = 0, wrong = 0, moved = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double ulp = ulp_distance(got[i], want[i]);
    if (ulp > worst) {
      worst = ulp;
      at = i;
    }
    wrong += ulp > bound;
    moved += std::memcmp(&alone[i], &got[i], sizeof(T)) != 0 && !(std::isnan(alone[i]) && std::isnan(got[i]));
  }
  BOOST_TEST_MESSAGE(what << ": " << worst << " ULP at " << argument[at]);
  BOOST_TEST(wrong == 0u, what << ": " << wrong << " results off by more than " << bound << " ULP, the worst by " << worst << " at "
                               << argument[at] << ": " << got[at] << ", not " << want[at]);
  BOOST_TEST(moved == 0u, what << ": " << moved << " results differ from those computed alone");
}

template <class T>
std::string label(const char* name, const char* target) {
  return std::string(name) + (sizeof(T) == 4 ? "<float> " : "<double> ") + target;
}

bool is_fallback(const std::string& target) { return target == "SCALAR" || target == "EMU128"; }

template <class T>
std::string text(T x) {
  std::ostringstream out;
  out << std::setprecision(std::numeric_limits<T>::max_digits10) << x;
  return out.str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(elementwise_math)

BOOST_AUTO_TEST_CASE_TEMPLATE(unary_functions_stay_within_their_bounds, T, Types) {
  const std::vector<T> x = arguments<T>(std::is_same_v<T, float> ? 64 : 16);
  std::vector<std::string> argument;
  for (const T value : x) argument.push_back(text(value));
  std::vector<T> y(x.size()), alone(x.size());
  for (const UnaryCase<T>& c : unary_cases<T>()) {
    std::vector<Wider<T>> want(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) want[i] = c.reference(x[i]);
    for_each_target([&](const char* target) {
      const auto loop = elementwise<T>().*c.loop;
      loop(x.data(), y.data(), static_cast<std::int64_t>(x.size()));
      for (std::size_t i = 0; i < x.size(); ++i) loop(&x[i], &alone[i], 1);
      const bool std_does_it = is_fallback(target) && c.bound == 1;
      check_results(label<T>(c.name, target), std_does_it ? 2 : c.bound, y, alone, want, argument);
    });
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(binary_functions_stay_within_their_bounds, T, Types) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> a, b;
  const T huge_odd = std::ldexp(T{1}, Limits::digits) - 1;
  std::vector<T> special = {0, 1, 0.5, 2, 3, 4, 5, 1.5, 2.5, 7, 1e10, huge_odd, huge_odd + 1, 2 * huge_odd};
  for (const T limit : {infinity<T>(), Limits::quiet_NaN(), Limits::denorm_min(), Limits::min(), Limits::max()}) special.push_back(limit);
  special.push_back(std::nextafter(T{1}, T{0}));
  special.push_back(std::nextafter(T{1}, T{2}));
  for (const T x : special) {
    for (const T y : special) {
      for (const T sign_x : {T{1}, T{-1}}) {
        for (const T sign_y : {T{1}, T{-1}}) {
          a.push_back(sign_x * x);
          b.push_back(sign_y * y);
        }
      }
    }
  }
  std::mt19937_64 random(2);
  const std::vector<T> any = arguments<T>(4);
  std::uniform_int_distribution<std::size_t> pick(0, any.size() - 1);
  std::uniform_real_distribution<T> unit(-1, 1);
  std::uniform_int_distribution<int> whole(-40, 40);
  for (int i = 0; i < 40000; ++i) {
    a.push_back(any[pick(random)]);
    b.push_back(any[pick(random)]);
    a.push_back(std::exp(20 * unit(random)));
    b.push_back(5 * unit(random));
    a.push_back(10 * unit(random));
    b.push_back(static_cast<T>(whole(random)));
    a.push_back(any[pick(random)]);
    b.push_back(static_cast<T>(i % 5));
    // Powers that come near overflow and underflow.
    const T base = std::exp(3 * unit(random));
    a.push_back(base);
    b.push_back(Limits::max_exponent / std::log2(base) * (1 + T(0.1) * unit(random)));
  }
  std::vector<std::string> argument;
  for (std::size_t i = 0; i < a.size(); ++i) argument.push_back(text(a[i]) + ", " + text(b[i]));
  struct Case {
    const char* name;
    kernels::BinaryLoop<T> Elementwise<T>::*loop;
    Wider<T> (*reference)(Wider<T>, Wider<T>);
    double bound, fallback_bound;  ///< in ULP
  };
  const Case cases[] = {
      {"pow", &Elementwise<T>::pow, [](Wider<T> x, Wider<T> y) { return std::pow(x, y); }, 1, 2},
      {"atan2", &Elementwise<T>::atan2, [](Wider<T> x, Wider<T> y) { return std::atan2(x, y); }, 1, 2},
      {"hypot", &Elementwise<T>::hypot, [](Wider<T> x, Wider<T> y) { return std::hypot(x, y); }, 1.5, 1.5},
  };
  std::vector<T> y(a.size()), alone(a.size());
  for (const Case& c : cases) {
    std::vector<Wider<T>> want(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) want[i] = c.reference(a[i], b[i]);
    for_each_target([&](const char* target) {
      const auto loop = elementwise<T>().*c.loop;
      loop(a.data(), 1, b.data(), 1, y.data(), static_cast<std::int64_t>(a.size()));
      for (std::size_t i = 0; i < a.size(); ++i) loop(&a[i], 1, &b[i], 1, &alone[i], 1);
      check_results(label<T>(c.name, target), is_fallback(target) ? c.fallback_bound : c.bound, y, alone, want, argument);
    });
  }
}

// The slopes of sigmoid and tanh far out, where 1 - y for the result y would be 0.
BOOST_AUTO_TEST_CASE_TEMPLATE(gradients_stay_within_their_bounds, T, Types) {
  using W = Wider<T>;
  std::vector<T> a, b;
  for (const T x : arguments<T>(std::is_same_v<T, float> ? 64 : 16))
    for (const T g : {T{1}, T{-3}}) {
      a.push_back(g);
      b.push_back(x);
    }
  std::vector<std::string> argument;
  for (std::size_t i = 0; i < a.size(); ++i) argument.push_back(text(a[i]) + ", " + text(b[i]));
  struct Case {
    const char* name;
    kernels::BinaryLoop<T> Elementwise<T>::*loop;
    W scale;
  };
  std::vector<T> y(a.size()), alone(a.size());
  for (const Case& c :
       {Case{"sigmoid_gradient", &Elementwise<T>::sigmoid_gradient, 1}, Case{"tanh_gradient", &Elementwise<T>::tanh_gradient, 2}}) {
    std::vector<W> want(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
      const W e = std::exp(-c.scale * std::abs(W{b[i]}));
      want[i] = a[i] * (c.scale * c.scale * e / ((1 + e) * (1 + e)));
    }
    for_each_target([&](const char* target) {
      const auto loop = elementwise<T>().*c.loop;
      loop(a.data(), 1, b.data(), 1, y.data(), static_cast<std::int64_t>(a.size()));
      for (std::size_t i = 0; i < a.size(); ++i) loop(&a[i], 1, &b[i], 1, &alone[i], 1);
      check_results(label<T>(c.name, target), 6, y, alone, want, argument);
    });
  }
}

// Where exp(a) + exp(b) is near 1 its logarithm is near 0, and the two terms that it is the sum of are not.
BOOST_AUTO_TEST_CASE_TEMPLATE(logaddexp_stays_within_its_bound, T, Types) {
  using W = Wider<T>;
  const std::vector<T> any = arguments<T>(2);
  std::mt19937_64 random(3);
  std::uniform_int_distribution<std::size_t> pick(0, any.size() - 1);
  std::uniform_real_distribution<T> near(-3, 3);
  std::vector<T> a, b;
  const std::vector<T> special = {0,
                                  T(-0.0),
                                  1,
                                  -1,
                                  infinity<T>(),
                                  -infinity<T>(),
                                  std::numeric_limits<T>::quiet_NaN(),
                                  std::numeric_limits<T>::max(),
                                  std::numeric_limits<T>::lowest()};
  for (const T x : special)
    for (const T y : special) {
      a.push_back(x);
      b.push_back(y);
    }
  for (int i = 0; i < 20000; ++i) {
    a.push_back(any[pick(random)]);
    b.push_back(any[pick(random)]);
    const T x = any[pick(random)];
    a.push_back(x);
    b.push_back(x + near(random));
    const T below = -std::abs(near(random));  // exp(below) + exp(its partner) is 1
    a.push_back(below);
    b.push_back(std::log1p(-std::exp(below)));
  }
  const auto reference = [](W x, W y) -> W {
    return (x < y || std::isnan(y) ? y : x) + (x == y ? std::log(W{2}) : std::log1p(std::exp(-std::abs(x - y))));
  };
  for_each_target([&](const char* target) {
    const auto loop = elementwise<T>().logaddexp;
    std::vector<T> y(a.size());
    loop(a.data(), 1, b.data(), 1, y.data(), static_cast<std::int64_t>(a.size()));
    double worst = 0;
    std::size_t at = 0, moved = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      T alone = 0;
      loop(&a[i], 1, &b[i], 1, &alone, 1);
      moved += std::memcmp(&alone, &y[i], sizeof(T)) != 0 && !(std::isnan(alone) && std::isnan(y[i]));
      const W want = reference(a[i], b[i]);
      double ulp = 0;
      if (std::isfinite(y[i]) && std::abs(want) < 1) {
        ulp = static_cast<double>(std::abs(static_cast<W>(y[i]) - want) / std::numeric_limits<T>::epsilon());
      } else {
        ulp = ulp_distance(y[i], want);
      }
      if (ulp > worst) {
        worst = ulp;
        at = i;
      }
    }
    BOOST_TEST(worst <= 1.5, label<T>("logaddexp", target) << ": off by " << worst << " ULP at " << text(a[at]) << ", " << text(b[at]));
    BOOST_TEST(moved == 0u, label<T>("logaddexp", target) << ": " << moved << " results differ from those computed alone");
  });
}

// The product of it and its square, each rounded, is infinite.
BOOST_AUTO_TEST_CASE(cube_that_rounds_to_the_largest_number) {
  for_each_target([](const char*) {
    for (const float sign : {1.0F, -1.0F}) {
      const float base = sign * 0x1.965feap+42F, exponent = 3;
      float y = 0;
      elementwise<float>().pow(&base, 1, &exponent, 1, &y, 1);
      BOOST_CHECK_EQUAL(y, sign * std::numeric_limits<float>::max());
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
