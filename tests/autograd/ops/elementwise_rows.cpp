// Rows of autograd/ops/elementwise.h.
// Covers autograd/ops/elementwise_op.cpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kE = 2.718281828459045, kPi = 3.141592653589793;

void add_arithmetic(Table& t) {
  t.binary_any("add", add, [](double a, double b) { return a + b; })
      .gives({f64({{1, 2}, {3, 4}}), f64({10, 20})}, f64({{11, 22}, {13, 24}}))
      .gives({i64({1, 2}), i64(3)}, i64({4, 5}))
      .gives({f64({1, 2})}, f64({1.5, 2.5}), [](const Tensor& x) { return 0.5 + x; })
      .gives({f64({1, 2}), f64({3, 5})}, f64({4, 7}), [](Tensor x, const Tensor& y) { return x += y; })
      .fails("add: the number is 0.5, expected an integer for an int64 tensor", [] { return add(i64({1}), 0.5); });
  t.binary_any("sub", sub, [](double a, double b) { return a - b; })
      .gives({f64({{1, 2}, {3, 4}}), f64({10, 20})}, f64({{-9, -18}, {-7, -16}}))
      .gives({i64({1, 2}), i64(3)}, i64({-2, -1}))
      .gives({f64({1, 2})}, f64({-0.5, -1.5}), [](const Tensor& x) { return 0.5 - x; })
      .gives({f64({1, 2}), f64({3, 5})}, f64({-2, -3}), [](Tensor x, const Tensor& y) { return x -= y; })
      .fails("sub: the number is 0.5, expected an integer for an int64 tensor", [] { return 0.5 - i64({1}); });
  t.binary_any("mul", mul, [](double a, double b) { return a * b; })
      .gives({f64({{1, 2}, {3, 4}}), f64({{10}, {-1}})}, f64({{10, 20}, {-3, -4}}))
      .gives({f64({kInf, 0}), f64({0, kNan})}, f64({kNan, kNan}))
      .gives({i64({1, 2}), i64(3)}, i64({3, 6}))
      .gives({f64({1, 2}), f64({3, 5})}, f64({3, 10}), [](Tensor x, const Tensor& y) { return x *= y; })
      .fails("mul: the number is 0.5, expected an integer for an int64 tensor", [] { return i64({1}) * 0.5; });
  t.binary_any("div", div, [](double a, double b) { return a / b; }, {}, {.low = 0.5, .high = 2})
      .on({{2, 3}, in({3}, {.low = -2, .high = -0.5})})
      .gives({f64({{1, 2}, {3, 4}}), f64({2, -8})}, f64({{0.5, -0.25}, {1.5, -0.5}}))
      .gives({f64({1, -1, 0})}, f64({kInf, -kInf, kNan}), [](const Tensor& x) { return x / 0; })
      .gives({f64({1, 2}), f64({4, 5})}, f64({0.25, 0.4}), [](Tensor x, const Tensor& y) { return x /= y; })
      .kink({f64({1, 0}), f64({0, 0})}, f64({kInf, kNan}), {f64({kInf, kInf}), f64({-kInf, kNan})});
  t.unary_any("neg", neg, [](double x) { return -x; })
      .gives({f64({1, -2, 0, kInf})}, f64({-1, 2, 0, -kInf}))
      .gives({i64({1, -2})}, i64({-1, 2}))
      .gives({f64({1})}, f64({-1}), [](const Tensor& x) { return -x; });
  t.unary_any("square", square, [](double x) { return x * x; })
      .gives({f64({1, -2, 0.5})}, f64({1, 4, 0.25}))
      .gives({i64({3, -2})}, i64({9, 4}));
  t.unary("reciprocal", reciprocal, [](double x) { return 1 / x; }, {.low = -2, .high = -0.4})
      .gives({f64({1, -2, 0.5, kInf})}, f64({1, -0.5, 2, 0}))
      .kink({f64({0})}, f64({kInf}), {f64({-kInf})});
  t.unary_any("abs", abs, [](double x) { return std::abs(x); }, {.avoid = {0}})
      .gives({f64({-1.5, 0, 2, -kInf, kNan})}, f64({1.5, 0, 2, kInf, kNan}))
      .kink({f64({-1, -0.0, 0, 1})}, f64({1, 0, 0, 1}), {f64({-1, 0, 0, 1})});
}

void add_powers(Table& t) {
  const auto power = [](double exponent) { return [exponent](const Tensor& x) { return pow(x, exponent); }; };
  const auto of_base = [](double base) { return [base](const Tensor& y) { return pow(base, y); }; };
  t.binary_any("pow", pow, [](double a, double b) { return std::pow(a, b); }, {.low = 0.3, .high = 2})
      .on({in({2, 3}, {.low = -2, .high = -0.5})}, power(3))
      .on({in({2, 3}, {.low = -2, .high = 2})}, power(2))
      .on({in({2, 3}, {.low = -2, .high = 2})}, power(1))
      .on({in({2, 3}, {.low = -2, .high = 2})}, power(0))
      .on({in({2, 3}, {.low = 0.3, .high = 2})}, power(-1.5))
      .gives({f64({2, 3, 4, -2}), f64({3, 2, 0.5, -1})}, f64({8, 9, 2, -0.5}))
      .gives({f64({0, 0, -8, 1}), f64({0, -1, 0.5, kNan})}, f64({1, kInf, kNan, 1}))
      .gives({f64({0, 1, 3, -2})}, f64({1, 2, 8, 0.25}), of_base(2))
      // At base 0: 0 for the base where the exponent is 0, and 0 for the exponent where that is not negative.
      .kink({f64({0, 0, 0, 0, 0}), f64({0, 1, 2, 0.5, -1})}, f64({1, 0, 0, 0, kInf}),
            {f64({0, 1, 0, kInf, -kInf}), f64({0, 0, 0, 0, -kInf})})
      .kink({f64({-2, -2}), f64({3, 2})}, f64({-8, 4}), {f64({12, -4}), f64({kNan, kNan})})
      .kink({f64({0, -1, kInf})}, f64({1, 1, 1}), {f64({0, 0, 0})}, power(0))
      .kink({f64({0, -3})}, f64({0, 9}), {f64({0, -6})}, power(2))
      .kink({f64({0, -2})}, f64({0, -2}), {f64({1, 1})}, power(1))
      .kink({f64({0, 4})}, f64({0, 2}), {f64({kInf, 0.25})}, power(0.5))
      .kink({f64({0, 2, -1})}, f64({1, 0, kInf}), {f64({0, 0, -kInf})}, of_base(0))
      .kink({f64({0, 3})}, f64({1, 1}), {f64({0, 0})}, of_base(1));
  t.unary("sqrt", sqrt, [](double x) { return std::sqrt(x); }, {.low = 0.2, .high = 4})
      .gives({f64({0, 1, 4, 2, -1, kInf})}, f64({0, 1, 2, 1.4142135623730951, kNan, kInf}))
      .kink({f64({0, 4})}, f64({0, 2}), {f64({kInf, 0.25})});
  t.unary("rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, {.low = 0.3, .high = 4})
      .gives({f64({1, 4, 2, -1, kInf})}, f64({1, 0.5, 0.7071067811865476, kNan, 0}))
      .kink({f64({0})}, f64({kInf}), {f64({-kInf})});
}

void add_exponentials(Table& t) {
  t.unary("exp", exp, [](double x) {
     return std::exp(x);
   }).gives({f64({0, 1, -1, 1000, -1000, -kInf, kNan})}, f64({1, kE, 0.36787944117144233, kInf, 0, 0, kNan}));
  t.unary("expm1", expm1, [](double x) {
     return std::expm1(x);
   }).gives({f64({0, 1, -1, 1e-10, -kInf, 1000})}, f64({0, 1.7182818284590453, -0.6321205588285577, 1.00000000005e-10, -1, kInf}));
  t.unary("log", log, [](double x) { return std::log(x); }, {.low = 0.3, .high = 3})
      .gives({f64({1, kE, 2, kInf, -1})}, f64({0, 1, 0.6931471805599453, kInf, kNan}))
      .kink({f64({0, 2})}, f64({-kInf, 0.6931471805599453}), {f64({kInf, 0.5})});
  t.unary("log1p", log1p, [](double x) { return std::log1p(x); }, {.low = -0.6, .high = 3})
      .gives({f64({0, 1, 1e-10, kInf, -2})}, f64({0, 0.6931471805599453, 9.999999999500001e-11, kInf, kNan}))
      .kink({f64({-1, 1})}, f64({-kInf, 0.6931471805599453}), {f64({kInf, 0.5})});
  t.binary("logaddexp", logaddexp, [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); })
      .gives({f64({0, 1, -0.5, 1000, -3, -1000}), f64({0, 2, 0.25, 1000, -40, -1001})},
             f64({0.6931471805599453, 2.313261687518223, 0.6368710061148999, 1000.6931471805599, -3, -999.6867383124818}))
      .gives({f64({kInf, -kInf, -kInf, kInf, kInf, kNan}), f64({1, 3, -kInf, -kInf, kInf, kInf})}, f64({kInf, 3, -kInf, kInf, kInf, kNan}))
      .gives({f64({3e38, -3e38, 1e300}), f64({-3e38, -3e38, 1})}, f64({3e38, -3e38, 1e300}))  // whose difference leaves the type
      .gives({f64({0, 2})}, f64({1.3132616875182228, 2.313261687518223}), [](const Tensor& x) { return logaddexp(1, x); })
      .kink({f64({0, 1000, -kInf, 5}), f64({0, -1000, 3, -kInf})}, f64({0.6931471805599453, 1000, 3, 5}),
            {f64({0.5, 1, 0, 1}), f64({0.5, 0, 1, 0})})
      .kink({f64({kInf, -kInf, kInf, kInf}), f64({kInf, -kInf, -kInf, 2})}, f64({kInf, -kInf, kInf, kInf}),
            {f64({0.5, 0.5, 1, 1}), f64({0.5, 0.5, 0, 0})});
  t.unary("erf", erf, [](double x) { return std::erf(x); })
      .gives({f64({0, 1, -0.5, 10, -kInf})}, f64({0, 0.8427007929497149, -0.5204998778130465, 1, -1}))
      .kink({f64({0})}, f64({0}), {f64({1.1283791670955126})});
  t.unary("sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); })
      .gives({f64({0, 1, -1, 1000, -1000, kInf, -kInf, kNan})}, f64({0.5, 0.7310585786300049, 0.2689414213699951, 1, 0, 1, 0, kNan}))
      .kink({f64({0, 1000, -1000})}, f64({0.5, 1, 0}), {f64({0.25, 0, 0})});
}

void add_trigonometry(Table& t) {
  t.unary("sin", sin, [](double x) { return std::sin(x); })
      .gives({f64({0, 1, -1, 3, 1e5, kInf})},
             f64({0, 0.8414709848078965, -0.8414709848078965, 0.1411200080598672, 0.03574879797201651, kNan}));
  t.unary("cos", cos, [](double x) {
     return std::cos(x);
   }).gives({f64({0, 1, -1, -kInf})}, f64({1, 0.5403023058681398, 0.5403023058681398, kNan}));
  t.unary("tan", tan, [](double x) { return std::tan(x); }, {.low = -1.2, .high = 1.2})
      .gives({f64({0, 1, -1})}, f64({0, 1.5574077246549023, -1.5574077246549023}));
  t.unary("asin", asin, [](double x) { return std::asin(x); }, {.low = -0.8, .high = 0.8})
      .gives({f64({0, 0.5, -1, 2})}, f64({0, 0.5235987755982989, -kPi / 2, kNan}))
      .kink({f64({1, -1})}, f64({kPi / 2, -kPi / 2}), {f64({kInf, kInf})});
  t.unary("acos", acos, [](double x) { return std::acos(x); }, {.low = -0.8, .high = 0.8})
      .gives({f64({0, 0.5, -1, 2})}, f64({kPi / 2, 1.0471975511965979, kPi, kNan}))
      .kink({f64({1, -1})}, f64({0, kPi}), {f64({-kInf, -kInf})});
  t.unary("atan", atan, [](double x) { return std::atan(x); }).gives({f64({0, 1, -1, kInf})}, f64({0, kPi / 4, -kPi / 4, kPi / 2}));
  t.binary("atan2", atan2, [](double a, double b) { return std::atan2(a, b); }, {.avoid = {0}}, {.low = 0.3, .high = 2})
      .on({{2, 3}, in({3}, {.low = -2, .high = -0.3})})
      .gives({f64({0, 1, 1, -1, 0}), f64({1, 0, -1, 1, -1})}, f64({0, kPi / 2, 3 * kPi / 4, -kPi / 4, kPi}))
      .kink({f64({0, 0, 2}), f64({1, 0, 0})}, f64({0, 0, kPi / 2}), {f64({1, kNan, 0}), f64({0, kNan, -0.5})})
      .kink({f64({1e30, 1e-30}), f64({1e30, 1e-30})}, f64({kPi / 4, kPi / 4}), {f64({5e-31, 5e29}), f64({-5e-31, -5e29})})
      .kink({f64({1e200, 1e-200}), f64({1e200, 1e-200})}, f64({kPi / 4, kPi / 4}), {f64({5e-201, 5e199}), f64({-5e-201, -5e199})});
  t.binary("hypot", hypot, [](double a, double b) { return std::hypot(a, b); }, {}, {.low = 0.4, .high = 2})
      .on({{2, 3}, in({3}, {.low = -2, .high = -0.4})})
      .gives({f64({3, -5, 0, 1, 2, -7}), f64({4, 12, -2, 1, -0.5, 0})}, f64({5, 13, 2, 1.4142135623730951, 2.0615528128088303, 7}))
      .gives({f64({3e30, 1e-30, 1e-20}), f64({-4e30, 0, 1e-20})}, f64({5e30, 1e-30, 1.4142135623730951e-20}))  // squares leave float32
      .gives({f64({3e300, 3e-300}), f64({4e300, -4e-300})}, f64({5e300, 5e-300}))
      .gives({f64({kInf, -kInf, kInf, kNan, 1}), f64({1, kNan, kInf, 1, kNan})}, f64({kInf, kInf, kInf, kNan, kNan}))
      .gives({f64({3, 8})}, f64({5, 8.94427190999916}), [](const Tensor& x) { return hypot(x, 4); })
      .kink({f64({0, 0, 3, 0}), f64({0, -0.0, 0, -2})}, f64({0, 0, 3, 2}), {f64({0, 0, 1, 0}), f64({0, 0, 0, -1})})
      .kink({f64({kInf, 2}), f64({1, -kInf})}, f64({kInf, kInf}), {f64({kNan, 0}), f64({0, kNan})})
      .kink({f64({3e30}), f64({4e30})}, f64({5e30}), {f64({0.6}), f64({0.8})});
  t.unary("sinh", sinh, [](double x) {
     return std::sinh(x);
   }).gives({f64({0, 1, -1, 1000})}, f64({0, 1.1752011936438014, -1.1752011936438014, kInf}));
  t.unary("cosh", cosh, [](double x) {
     return std::cosh(x);
   }).gives({f64({0, 1, -1, 1000})}, f64({1, 1.5430806348152437, 1.5430806348152437, kInf}));
  t.unary("tanh", tanh, [](double x) { return std::tanh(x); })
      .gives({f64({0, 1, -0.5, 1000, -kInf})}, f64({0, 0.7615941559557649, -0.46211715726000974, 1, -1}))
      .kink({f64({0, 1000, -1000})}, f64({0, 1, -1}), {f64({1, 0, 0})});
}

void add_steps(Table& t) {
  t.unary_any("sign", sign, [](double x) { return double(x > 0) - double(x < 0); }, {.avoid = {0}})
      .gives({f64({-1.5, 0, 2, kInf, -kInf})}, f64({-1, 0, 1, 1, -1}))
      .kink({f64({-1, 0, 1})}, f64({-1, 0, 1}), {f64({0, 0, 0})});
  t.unary_any("floor", floor, [](double x) { return std::floor(x); }, {.avoid = {-2, -1, 0, 1, 2}})
      .gives({f64({-1.5, 0, 2.7, 3, kInf})}, f64({-2, 0, 2, 3, kInf}))
      .kink({f64({1})}, f64({1}), {f64({0})});
  t.unary_any("ceil", ceil, [](double x) { return std::ceil(x); }, {.avoid = {-2, -1, 0, 1, 2}})
      .gives({f64({-1.5, 0, 2.2, 3, -kInf})}, f64({-1, 0, 3, 3, -kInf}))
      .kink({f64({1})}, f64({1}), {f64({0})});
  t.unary_any("round", round, [](double x) { return std::nearbyint(x); }, {.avoid = {-1.5, -0.5, 0.5, 1.5}})
      .gives({f64({-1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6})}, f64({-2, 0, 0, 2, 2, 2, -3}))
      .kink({f64({0.5})}, f64({0}), {f64({0})});
}

void add_choices(Table& t) {
  t.binary_any("maximum", maximum, [](double a, double b) { return std::max(a, b); }, {}, {.low = -2.5, .high = 1.5})
      .gives({f64({1, 5, -1, kNan, 2}), f64({2, 3, -4, 0, kNan})}, f64({2, 5, -1, kNan, kNan}))
      .kink({f64({1, 2, 3}), f64({1, 3, 2})}, f64({1, 3, 3}), {f64({0.5, 0, 1}), f64({0.5, 1, 0})});
  t.binary_any("minimum", minimum, [](double a, double b) { return std::min(a, b); }, {}, {.low = -2.5, .high = 1.5})
      .gives({f64({1, 5, -1, kNan, 2}), f64({2, 3, -4, 0, kNan})}, f64({1, 3, -4, kNan, kNan}))
      .kink({f64({1, 2, 3}), f64({1, 3, 2})}, f64({1, 2, 2}), {f64({0.5, 1, 0}), f64({0.5, 0, 1})});
  t.unary_any(
       "clamp", [](const TensorArg& x) { return clamp(x, -1, 1); }, [](double x) { return std::min(std::max(x, -1.0), 1.0); },
       {.avoid = {-1, 1}})
      .on({{2, 3}}, [](const Tensor& x) { return clamp(x, 2.5, kInf); })
      .gives({f64({-3, -1, 0, 1, 2, kNan})}, f64({-1, -1, 0, 1, 1, kNan}))
      .gives({f64({-3, 1})}, f64({-3, 0}), [](const Tensor& x) { return clamp(x, -kInf, 0); })
      .kink({f64({-3, -1, 0, 1, 2})}, f64({-1, -1, 0, 1, 1}), {f64({0, 1, 1, 1, 0})})
      .fails("clamp: the limits are nan and 1, expected limits that are not NaN", [] { return clamp(f64({1}), kNan, 1); });
  const Tensor yes_no = f64({{1, 0, -2}, {0, 0, 1}});
  t.row("where", [=](const Tensor& a, const Tensor& b) { return where(yes_no.to(a.dtype()), a, b); })
      .on({{2, 3}, {2, 3}})
      .on({{3}, {2, 1}})
      .on({Shape{}, {1, 3}})
      .on({{4, 2, 1}, Shape{}})
      .on({{2, 3}}, [=](const Tensor& a) { return where(yes_no.to(a.dtype()), a, 1); })
      .on({{2, 3}}, [=](const Tensor& b) { return where(yes_no.to(b.dtype()), 1, b); })
      .on({{2, 1}}, [=](const Tensor& x) { return where(yes_no.to(x.dtype()), x, x * x); })
      .on({{0, 3}, {1, 3}}, [](const Tensor& a, const Tensor& b) { return where(zeros({1}, a.dtype()), a, b); })
      .gives({f64({1, 0, kNan}), f64({1, 2, 3}), f64({4, 5, 6})}, f64({1, 5, 3}), where)
      .gives({i64({1, 0}), i64({1, 2}), i64(4)}, i64({1, 4}), where)
      .gives({f64({{1}, {0}})}, f64({{2}, {3}}), [](const Tensor& c) { return where(c, 2, 3); })
      // Elements that are not selected do not affect the gradient, even if they are infinite.
      .kink({f64({0, 4})}, f64({0, 2}), {f64({0, 0.25})}, [](const Tensor& x) { return where(gt(x, 0), sqrt(where(gt(x, 0), x, 1)), 0); })
      .fails("where: the number is 0.5, expected an integer for an int64 tensor", [] { return where(i64({1}), 0.5, 1); })
      .fails("where: undefined tensor", [] { return where(f64({1}), Tensor(), 2); })
      .fails("where: got three numbers, expected at least one tensor", [] { return where(1, 2, 3); })
      .fails("where: got both float64 and float32, expected the same dtype: convert with to()",
             [] { return where(f64({1}), ones({1}), 2); })
      .fails("where: shapes [2] and [3] do not broadcast together", [] { return where(zeros({2}), zeros({3}), 0); });
  t.row("lerp", lerp)
      .on({{2, 3}, {2, 3}, {2, 3}})
      .on({{3}, {2, 1}, Shape{}})
      .on({Shape{}, {1, 1}, {2, 3}})
      .on({{0, 3}, {3}, {1}})
      .on({{2, 3}, {3}}, [](const Tensor& a, const Tensor& b) { return lerp(a, b, 0.25); })
      .on({{2, 3}}, [](const Tensor& x) { return lerp(x, x * x, x); })
      .gives({f64({0, 10}), f64({4, 20}), f64({0.25, 0.5})}, f64({1, 15}))
      .gives({f64({0, 10})}, f64({2, 7}), [](const Tensor& a) { return lerp(a, 4, 0.5); })
      .gives({f64({0, 0.5})}, f64({2, 3}), [](const Tensor& weight) { return lerp(2, 4, weight); })
      .fails("lerp: undefined tensor", [] { return lerp(f64({1}), Tensor(), 0.5); })
      .fails("lerp: got three numbers, expected at least one tensor", [] { return lerp(1, 2, 0.5); })
      .fails("lerp: got both float64 and float32, expected the same dtype: convert with to()",
             [] { return lerp(f64({1}), ones({1}), 0.5); })
      .fails("lerp: shapes [2] and [3] do not broadcast together", [] { return lerp(zeros({2}), zeros({3}), 0.5); });
}

void add_comparisons(Table& t) {
  const Tensor left = f64({1, 2, 3, kNan}), right = f64({2, 2, 2, kNan});
  t.binary_any("eq", eq, [](double a, double b) { return double(a == b); })
      .constant()
      .gives({left, right}, f64({0, 1, 0, 0}))
      .gives({i64({1, 2}), i64(2)}, i64({0, 1}));
  t.binary_any("ne", ne, [](double a, double b) { return double(a != b); })
      .constant()
      .gives({left, right}, f64({1, 0, 1, 1}))
      .gives({i64({1, 2}), i64(2)}, i64({1, 0}));
  t.binary_any("lt", lt, [](double a, double b) { return double(a < b); })
      .constant()
      .gives({i64({0, 1})}, i64({1, 0}), [](const Tensor& x) { return lt(x, 0.5); })
      .gives({i64({0, 1})}, i64({0, 0}), [](const Tensor& x) { return lt(1e30, x); })
      .gives({left, right}, f64({1, 0, 0, 0}))
      .gives({i64({1, 2}), i64(2)}, i64({1, 0}));
  t.binary_any("le", le, [](double a, double b) { return double(a <= b); })
      .constant()
      .gives({left, right}, f64({1, 1, 0, 0}))
      .gives({i64({2, 3}), i64(2)}, i64({1, 0}));
  t.binary_any("gt", gt, [](double a, double b) { return double(a > b); })
      .constant()
      .gives({left, right}, f64({0, 0, 1, 0}))
      .gives({i64({2, 3}), i64(2)}, i64({0, 1}));
  t.binary_any("ge", ge, [](double a, double b) { return double(a >= b); })
      .constant()
      .gives({left, right}, f64({0, 1, 1, 0}))
      .gives({i64({1, 2}), i64(2)}, i64({0, 1}));
  const Tensor p = f64({0, 0, 2, -1, kNan}), q = f64({0, 1, 0, 3, 1});
  t.binary_any("logical_and", logical_and, [](double a, double b) { return double(a != 0 && b != 0); })
      .constant()
      .gives({p, q}, f64({0, 0, 0, 1, 1}))
      .gives({i64({0, 2}), i64(5)}, i64({0, 1}));
  t.binary_any("logical_or", logical_or, [](double a, double b) { return double(a != 0 || b != 0); })
      .constant()
      .gives({p, q}, f64({0, 1, 1, 1, 1}))
      .gives({i64({0, 2}), i64(0)}, i64({0, 1}));
  t.unary_any("logical_not", logical_not, [](double x) { return double(x == 0); })
      .constant()
      .gives({p}, f64({1, 1, 0, 0, 0}))
      .gives({i64({0, 2})}, i64({1, 0}));
  const Tensor odd = f64({1, kNan, kInf, -kInf});
  t.unary_any("isnan", isnan, [](double x) { return double(std::isnan(x)); })
      .constant()
      .gives({odd}, f64({0, 1, 0, 0}))
      .gives({i64({0, 2})}, i64({0, 0}));
  t.unary_any("isinf", isinf, [](double x) { return double(std::isinf(x)); })
      .constant()
      .gives({odd}, f64({0, 0, 1, 1}))
      .gives({i64({0, 2})}, i64({0, 0}));
  t.unary_any("isfinite", isfinite, [](double x) { return double(std::isfinite(x)); })
      .constant()
      .gives({odd}, f64({1, 0, 0, 0}))
      .gives({i64({0, 2})}, i64({1, 1}));
}

}  // namespace

void add_elementwise_rows(Table& t) {
  add_arithmetic(t);
  add_powers(t);
  add_exponentials(t);
  add_trigonometry(t);
  add_steps(t);
  add_choices(t);
  add_comparisons(t);
}

}  // namespace chainrule::test
