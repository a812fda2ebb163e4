// Smooth functions of one number and their first two derivatives at 10,000 points of both signs: float32 against closed forms in long
// double, float64 against the same in __float128, where the compiler has it.
// Covers autograd/ops.
#include "tests/autograd/ops/smooth_check.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>

#ifdef CHAINRULE_QUADMATH
#include <quadmath.h>
#endif

namespace chainrule::test {
namespace {

#ifdef CHAINRULE_QUADMATH
__extension__ using Quad = __float128;
#define CHAINRULE_SWEEP_FUNCTION(f)                              \
  inline long double of_##f(long double x) { return std::f(x); } \
  inline Quad of_##f(Quad x) { return f##q(x); }
#else
#define CHAINRULE_SWEEP_FUNCTION(f) \
  inline long double of_##f(long double x) { return std::f(x); }
#endif
CHAINRULE_SWEEP_FUNCTION(exp)
CHAINRULE_SWEEP_FUNCTION(expm1)
CHAINRULE_SWEEP_FUNCTION(log)
CHAINRULE_SWEEP_FUNCTION(log1p)
CHAINRULE_SWEEP_FUNCTION(sqrt)
CHAINRULE_SWEEP_FUNCTION(sin)
CHAINRULE_SWEEP_FUNCTION(cos)
CHAINRULE_SWEEP_FUNCTION(tan)
CHAINRULE_SWEEP_FUNCTION(asin)
CHAINRULE_SWEEP_FUNCTION(acos)
CHAINRULE_SWEEP_FUNCTION(atan)
CHAINRULE_SWEEP_FUNCTION(sinh)
CHAINRULE_SWEEP_FUNCTION(cosh)
CHAINRULE_SWEEP_FUNCTION(tanh)
CHAINRULE_SWEEP_FUNCTION(erf)
CHAINRULE_SWEEP_FUNCTION(erfc)
#undef CHAINRULE_SWEEP_FUNCTION

// Value, first and second derivative.
template <class R>
using Results = std::array<R, 3>;

template <class R>
R sigmoid_of(R x) {
  return 1 / (1 + of_exp(-x));
}

template <class R>
R softplus_of(R x) {
  return x > 0 ? x + of_log1p(of_exp(-x)) : of_log1p(of_exp(x));
}

// sigmoid, its derivative, and its second one.
template <class R>
Results<R> sigmoid_results(R x) {
  const R slope = sigmoid_of(x) * sigmoid_of(-x);
  return {sigmoid_of(x), slope, -slope * of_tanh(x / 2)};
}

// rise · x above 0, depth · (e^x - 1) below.
template <class R>
Results<R> exponential_unit_results(R x, R rise, R depth) {
  if (x > 0) return {rise * x, rise, 0};
  return {depth * of_expm1(x), depth * of_exp(x), depth * of_exp(x)};
}

// x · f(u) for results of f at u, and the derivatives of u.
template <class R>
Results<R> times_x(R x, const Results<R>& f, R slope, R bend) {
  const R first = f[1] * slope, second = f[2] * slope * slope + f[1] * bend;
  return {x * f[0], f[0] + x * first, 2 * first + x * second};
}

struct Closed {
  double low, high;  // the range of arguments
  template <class R>
  using Form = Results<R> (*)(R);
  Form<long double> wide;
#ifdef CHAINRULE_QUADMATH
  Form<Quad> quad;
#endif
};

template <class F>
Closed closed(double low, double high, F form) {
#ifdef CHAINRULE_QUADMATH
  return {low, high, form, form};
#else
  return {low, high, form};
#endif
}

const std::map<std::string, Closed>& forms() {
  static const std::map<std::string, Closed> all = {
      {"exp", closed(-700, 700,
                     []<class R>(R x) -> Results<R> {
                       return {of_exp(x), of_exp(x), of_exp(x)};
                     })},
      {"expm1", closed(-700, 700,
                       []<class R>(R x) -> Results<R> {
                         return {of_expm1(x), of_exp(x), of_exp(x)};
                       })},
      {"log", closed(1e-30, 1e30,
                     []<class R>(R x) -> Results<R> {
                       return {of_log(x), 1 / x, -1 / (x * x)};
                     })},
      {"log1p", closed(-0.999, 1e30,
                       []<class R>(R x) -> Results<R> {
                         return {of_log1p(x), 1 / (1 + x), -1 / ((1 + x) * (1 + x))};
                       })},
      {"sqrt", closed(1e-30, 1e30,
                      []<class R>(R x) -> Results<R> {
                        const R y = of_sqrt(x);
                        return {y, R(0.5) / y, R(-0.25) / (x * y)};
                      })},
      {"rsqrt", closed(1e-20, 1e20,
                       []<class R>(R x) -> Results<R> {
                         const R y = 1 / of_sqrt(x);
                         return {y, R(-0.5) * y / x, R(0.75) * y / (x * x)};
                       })},
      {"square", closed(-1e15, 1e15,
                        []<class R>(R x) -> Results<R> {
                          return {x * x, 2 * x, 2};
                        })},
      {"reciprocal", closed(-1e12, 1e12,
                            []<class R>(R x) -> Results<R> {
                              return {1 / x, -1 / (x * x), 2 / (x * x * x)};
                            })},
      {"sin", closed(-100, 100,
                     []<class R>(R x) -> Results<R> {
                       return {of_sin(x), of_cos(x), -of_sin(x)};
                     })},
      {"cos", closed(-100, 100,
                     []<class R>(R x) -> Results<R> {
                       return {of_cos(x), -of_sin(x), -of_cos(x)};
                     })},
      {"tan", closed(-1.57, 1.57,
                     []<class R>(R x) -> Results<R> {
                       const R y = of_tan(x), slope = 1 + y * y;
                       return {y, slope, 2 * y * slope};
                     })},
      {"asin", closed(-0.999999, 0.999999,
                      []<class R>(R x) -> Results<R> {
                        const R slope = 1 / of_sqrt((1 - x) * (1 + x));
                        return {of_asin(x), slope, x * slope * slope * slope};
                      })},
      {"acos", closed(-0.999999, 0.999999,
                      []<class R>(R x) -> Results<R> {
                        const R slope = 1 / of_sqrt((1 - x) * (1 + x));
                        return {of_acos(x), -slope, -x * slope * slope * slope};
                      })},
      {"atan", closed(-1e18, 1e18,
                      []<class R>(R x) -> Results<R> {
                        const R slope = 1 / (1 + x * x);
                        return {of_atan(x), slope, -2 * x * slope * slope};
                      })},
      {"sinh", closed(-700, 700,
                      []<class R>(R x) -> Results<R> {
                        return {of_sinh(x), of_cosh(x), of_sinh(x)};
                      })},
      {"cosh", closed(-700, 700,
                      []<class R>(R x) -> Results<R> {
                        return {of_cosh(x), of_sinh(x), of_cosh(x)};
                      })},
      {"tanh", closed(-340, 340,
                      []<class R>(R x) -> Results<R> {
                        const R y = of_tanh(x), slope = 1 / (of_cosh(x) * of_cosh(x));
                        return {y, slope, -2 * y * slope};
                      })},
      {"erf", closed(-26, 26,
                     []<class R>(R x) -> Results<R> {
                       const R slope = 2 / of_sqrt(4 * of_atan(R(1))) * of_exp(-x * x);
                       return {of_erf(x), slope, -2 * x * slope};
                     })},
      {"sigmoid", closed(-700, 700, []<class R>(R x) { return sigmoid_results(x); })},
      {"softplus", closed(-700, 700,
                          []<class R>(R x) -> Results<R> {
                            return {softplus_of(x), sigmoid_of(x), sigmoid_results(x)[1]};
                          })},
      {"log_sigmoid", closed(-700, 700,
                             []<class R>(R x) -> Results<R> {
                               return {-softplus_of(-x), sigmoid_of(-x), -sigmoid_results(x)[1]};
                             })},
      {"gelu", closed(-37, 37,
                      []<class R>(R x) -> Results<R> {
                        const R density = of_exp(-x * x / 2) / of_sqrt(8 * of_atan(R(1)));
                        const R below = of_erfc(-x / of_sqrt(R(2))) / 2;
                        return {x * below, below + x * density, density * (2 - x * x)};
                      })},
      {"gelu_tanh", closed(-14, 14,
                           []<class R>(R x) -> Results<R> {
                             const R rate = 2 * of_sqrt(1 / (2 * of_atan(R(1)))), cube = rate * R(44715) / R(1000000);
                             return times_x(x, sigmoid_results(x * (rate + cube * x * x)), rate + 3 * cube * x * x, 6 * cube * x);
                           })},
      {"silu", closed(-700, 700, []<class R>(R x) { return times_x(x, sigmoid_results(x), R(1), R(0)); })},
      {"mish", closed(-340, 340,
                      []<class R>(R x) -> Results<R> {
                        const R u = softplus_of(x), y = of_tanh(u), slope = 1 / (of_cosh(u) * of_cosh(u));
                        return times_x(x, {y, slope, -2 * y * slope}, sigmoid_of(x), sigmoid_results(x)[1]);
                      })},
      {"softsign", closed(-1e12, 1e12,
                          []<class R>(R x) -> Results<R> {
                            const R size = 1 + (x < 0 ? -x : x);
                            return {x / size, 1 / (size * size), (x < 0 ? 2 : -2) / (size * size * size)};
                          })},
      {"elu", closed(-700, 700, []<class R>(R x) { return exponential_unit_results(x, R(1), R(1)); })},
      {"selu", closed(-700, 700, []<class R>(R x) {
         // The constants as in the op: rounded to double, their product as well.
         const double scale = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
         return exponential_unit_results(x, R(scale), R(scale * alpha));
       })}};
  return all;
}

constexpr std::size_t kPoints = 10000;

// Arguments as float, of both signs where the range has both: half of them over 12 powers of ten up to the largest, half of them around 1;
// in a range up to 1, a part of them close to its ends.
std::vector<double> arguments(const Closed& form, bool single) {
  Generator generator(17);
  const auto uniform = [&] { return static_cast<double>(generator.next() >> 11) * 0x1p-53; };
  const double largest = std::max(std::abs(form.low), std::abs(form.high));
  std::vector<double> all;
  for (std::size_t i = 0; all.size() < kPoints; ++i) {
    double size = i % 4 < 2 ? largest * std::pow(10, -12 * uniform()) : std::pow(10, 1 - 3 * uniform());
    if (largest < 1 && i % 4 == 2) size = 1 - std::pow(10, -1 - 5 * uniform());
    const double x = i % 2 == 0 ? size : -size, rounded = single ? double{static_cast<float>(x)} : x;
    if (rounded >= form.low && rounded <= form.high) all.push_back(rounded);
  }
  return all;
}

// The results at the points, rounded to double. A result is not compared close to a root, that is, if its sign changes within 20 % of x:
// there a tiny error of x is a large relative one of the result.
template <class R, class Form>
std::vector<SmoothPoint> points_of(const Closed& form, Form exact, bool single) {
  std::vector<SmoothPoint> points;
  for (const double x : arguments(form, single)) {
    const Results<R> here = exact(R(x));
    points.push_back({x, {}});
    for (std::size_t k = 0; k < 3; ++k) points.back().results[k] = static_cast<double>(here[k]);
    for (const double factor : {0.8, 0.9, 1.1, 1.2}) {
      const double near = x * factor;
      if (near < form.low || near > form.high) continue;
      const Results<long double> there = form.wide(near);
      for (std::size_t k = 0; k < 3; ++k)
        if ((there[k] < 0) != (here[k] < 0) || here[k] == 0) points.back().results[k] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  return points;
}

void sweep(const std::string& name) {
  const Closed& form = forms().at(name);
  check_smooth<float>(name, points_of<long double>(form, form.wide, true));
#ifdef CHAINRULE_QUADMATH
  check_smooth<double>(name, points_of<Quad>(form, form.quad, false));
#endif
}

// Boost registers its own cases before main() as well.
const bool registered = [] {
  namespace unit = boost::unit_test;
  unit::test_suite* suite = BOOST_TEST_SUITE("smooth_sweep");
  for (const auto& entry : forms())
    suite->add(unit::make_test_case([name = entry.first] { sweep(name); }, entry.first, __FILE__, __LINE__));
#ifndef CHAINRULE_QUADMATH
  const auto skipped = [] { std::cout << "skipped: float64 is compared only with GCC and its libquadmath\n"; };
  suite->add(unit::make_test_case(skipped, "float64", __FILE__, __LINE__));
#endif
  unit::framework::master_test_suite().add(suite);
  return true;
}();

}  // namespace
}  // namespace chainrule::test
