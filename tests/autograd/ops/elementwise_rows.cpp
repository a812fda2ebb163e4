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
      .everywhere_smooth("linear")
      .gives({f64({{1, 2}, {3, 4}}), f64({10, 20})}, f64({{11, 22}, {13, 24}}))
      .gives({i64({1, 2}), i64(3)}, i64({4, 5}))
      .gives({f64({1, 2})}, f64({1.5, 2.5}), [](const Tensor& x) { return 0.5 + x; })
      .gives({f64({1, 2}), f64({3, 5})}, f64({4, 7}), [](Tensor x, const Tensor& y) { return x += y; })
      .fails("add: the number is 0.5, expected an integer for an int64 tensor", [] { return add(i64({1}), 0.5); });
  t.binary_any("sub", sub, [](double a, double b) { return a - b; })
      .everywhere_smooth("linear")
      .gives({f64({{1, 2}, {3, 4}}), f64({10, 20})}, f64({{-9, -18}, {-7, -16}}))
      .gives({i64({1, 2}), i64(3)}, i64({-2, -1}))
      .gives({f64({1, 2})}, f64({-0.5, -1.5}), [](const Tensor& x) { return 0.5 - x; })
      .gives({f64({1, 2}), f64({3, 5})}, f64({-2, -3}), [](Tensor x, const Tensor& y) { return x -= y; })
      .fails("sub: the number is 0.5, expected an integer for an int64 tensor", [] { return 0.5 - i64({1}); });
  t.binary_any("mul", mul, [](double a, double b) { return a * b; })
      .smooth_at({f64({0, 0, 2, 1e30}), f64({0, 3, -5, 1e-30})}, f64({0, 0, -10, 1}), {f64({0, 3, -5, 1e-30}), f64({0, 0, 2, 1e30})},
                 {f64({1, 1, 1, 1}), f64({1, 1, 1, 1})})
      .gives({f64({{1, 2}, {3, 4}}), f64({{10}, {-1}})}, f64({{10, 20}, {-3, -4}}))
      .gives({f64({kInf, 0}), f64({0, kNan})}, f64({kNan, kNan}))
      .gives({i64({1, 2}), i64(3)}, i64({3, 6}))
      .gives({f64({1, 2}), f64({3, 5})}, f64({3, 10}), [](Tensor x, const Tensor& y) { return x *= y; })
      .fails("mul: the number is 0.5, expected an integer for an int64 tensor", [] { return i64({1}) * 0.5; });
  t.binary_any("div", div, [](double a, double b) { return a / b; }, {}, {.low = 0.5, .high = 2})
      .on({{2, 3}, in({3}, {.low = -2, .high = -0.5})})
      .smooth_at({f64({1, 0, -3, 1e20}), f64({2, 4, -0.5, 1e10})}, f64({0.5, 0, 6, 1e10}),
                 {f64({0.5, 0.25, -2, 1e-10}), f64({-0.25, 0, 12, -1})},
                 {f64({-0.25, -0.0625, -4, -1e-20}), f64({0, -0.0625, 44, 1.9999999999e-10})})
      .kink({f64({1, 0}), f64({0, 0})}, f64({kInf, kNan}), {f64({kInf, kInf}), f64({-kInf, kNan})},
            {f64({-kInf, -kInf}), f64({kNan, kNan})})
      .gives({f64({{1, 2}, {3, 4}}), f64({2, -8})}, f64({{0.5, -0.25}, {1.5, -0.5}}))
      .gives({f64({1, -1, 0})}, f64({kInf, -kInf, kNan}), [](const Tensor& x) { return x / 0; })
      .gives({f64({1, 2}), f64({4, 5})}, f64({0.25, 0.4}), [](Tensor x, const Tensor& y) { return x /= y; });
  t.unary_any("neg", neg, [](double x) { return -x; })
      .everywhere_smooth("linear")
      .gives({f64({1, -2, 0, kInf})}, f64({-1, 2, 0, -kInf}))
      .gives({i64({1, -2})}, i64({-1, 2}))
      .gives({f64({1})}, f64({-1}), [](const Tensor& x) { return -x; });
  t.unary_any("square", square, [](double x) { return x * x; })
      .smooth_at({f64({0, -3, 1e15})}, f64({0, 9, 1e30}), {f64({0, -6, 2e15})}, {f64({2, 2, 2})})
      .gives({f64({1, -2, 0.5})}, f64({1, 4, 0.25}))
      .gives({i64({3, -2})}, i64({9, 4}));
  t.unary("reciprocal", reciprocal, [](double x) { return 1 / x; }, {.low = -2, .high = -0.4})
      .smooth_at({f64({2, -4, 1e10, -1e-5})}, f64({0.5, -0.25, 1e-10, -99999.99999999999}),
                 {f64({-0.25, -0.0625, -1e-20, -9999999999.999998})}, {f64({0.25, -0.03125, 2e-30, -1999999999999999.5})})
      .kink({f64({0, -0.0, kInf, -kInf})}, f64({kInf, -kInf, 0, 0}), {f64({-kInf, -kInf, 0, 0})}, {f64({kInf, -kInf, 0, 0})})
      .gives({f64({1, -2, 0.5, kInf})}, f64({1, -0.5, 2, 0}));
  t.unary_any("abs", abs, [](double x) { return std::abs(x); }, {.avoid = {0}})
      .kink({f64({-1, -0.0, 0, 1, kInf, -kInf})}, f64({1, 0, 0, 1, kInf, kInf}), {f64({-1, 0, 0, 1, 1, -1})}, {f64({0, 0, 0, 0, 0, 0})})
      .gives({f64({-1.5, 0, 2, -kInf, kNan})}, f64({1.5, 0, 2, kInf, kNan}));
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
      .smooth_at({f64({2, 3, 0.5, 1, 23}), f64({3, 0.5, -2, 0, 0})}, f64({8, 1.7320508075688772, 4, 1, 1}),
                 {f64({12, 0.28867513459481287, -16, 0, 0}),
                  f64({5.545177444479562, 1.902852301792692, -2.772588722239781, 0, 3.1354942159291497})},
                 {f64({24.317766166719345, 0.8463797970559389, 115.09035488895913, 1, 0.043478260869565216}),
                  f64({16.161390278064957, 2.9849892417582575, 21.012166944631932, 1, 9.874802238994718})})
      .smooth_at({f64({0, -1, 23})}, f64({1, 1, 1}), {f64({0, 0, 0})}, {f64({0, 0, 0})}, power(0))
      .smooth_at({f64({0, -2})}, f64({0, -2}), {f64({1, 1})}, {f64({0, 0})}, power(1))
      .smooth_at({f64({0, -3})}, f64({0, 9}), {f64({0, -6})}, {f64({2, 2})}, power(2))
      .smooth_at({f64({0, -2, 2})}, f64({0, -8, 8}), {f64({0, 12, 12})}, {f64({0, -12, 12})}, power(3))
      .smooth_at({f64({0, -2})}, f64({0, 16}), {f64({0, -32})}, {f64({0, 48})}, power(4))
      .smooth_at({f64({1, 4})}, f64({1, 0.125}), {f64({-1.5, -0.046875})}, {f64({3.75, 0.029296875})}, power(-1.5))
      .smooth_at({f64({0, 1, -3})}, f64({1, 2, 0.125}), {f64({0.6931471805599453, 1.3862943611198906, 0.08664339756999316})},
                 {f64({0.48045301391820144, 0.9609060278364029, 0.06005662673977518})}, of_base(2))
      .smooth_at({f64({0, 3})}, f64({1, 1}), {f64({0, 0})}, {f64({0, 0})}, of_base(1))
      .kink({f64({kInf})}, f64({1}), {f64({0})}, {f64({0})}, power(0))
      .kink({f64({0, 4})}, f64({0, 2}), {f64({kInf, 0.25})}, {f64({-kInf, -0.03125})}, power(0.5))
      .kink({f64({0, 4})}, f64({0, 8}), {f64({0, 3})}, {f64({kInf, 0.375})}, power(1.5))
      .kink({f64({0})}, f64({kInf}), {f64({-kInf})}, {f64({kInf})}, power(-1))
      // 0^b: 1 at b = 0, 0 beyond, where it is constant, and inf before.
      .kink({f64({0, 2, -1})}, f64({1, 0, kInf}), {f64({0, 0, -kInf})}, {f64({0, 0, kInf})}, of_base(0))
      // At base 0: 0 for the base where the exponent is 0, and 0 for the exponent where that is not negative. The mixed derivative is inf
      // at exponent 0, -inf at exponents up to 1, and 0 at larger ones.
      .kink({f64({0, 0, 0, 0, 0, -0.0, 0}), f64({0, 1, 2, 0.5, -1, 1, 1.5})}, f64({1, 0, 0, 0, kInf, 0, 0}),
            {f64({0, 1, 0, kInf, -kInf, 1, 0}), f64({0, 0, 0, 0, -kInf, 0, 0})},
            {f64({kInf, -kInf, 2, -kInf, kInf, -kInf, kInf}), f64({kInf, -kInf, 0, -kInf, kInf, -kInf, 0})})
      .kink({f64({0, 0, 0, 0, 0}), f64({0, 1, 2, 0.5, -1})}, f64({1, 0, 0, 0, kInf}), {f64({0, 1, 0, kInf, -kInf}), f64({0, 0, 0, 0, 0})},
            {f64({0, 0, 2, -kInf, kInf}), f64({0, 0, 0, 0, 0})}, [](const Tensor& a, const Tensor& b) { return pow(a, b.detach()); })
      .kink({f64({0, 0, 0, 0, 0}), f64({0, 1, 2, 0.5, -1})}, f64({1, 0, 0, 0, kInf}), {f64({0, 0, 0, 0, 0}), f64({0, 0, 0, 0, -kInf})},
            {f64({0, 0, 0, 0, 0}), f64({0, 0, 0, 0, kInf})}, [](const Tensor& a, const Tensor& b) { return pow(a.detach(), b); })
      .kink({f64({-2, -2}), f64({3, 2})}, f64({-8, 4}), {f64({12, -4}), f64({kNan, kNan})}, {f64({kNan, kNan}), f64({kNan, kNan})})
      .gives({f64({2, 3, 4, -2}), f64({3, 2, 0.5, -1})}, f64({8, 9, 2, -0.5}))
      .gives({f64({0, 0, -8, 1}), f64({0, -1, 0.5, kNan})}, f64({1, kInf, kNan, 1}))
      .gives({f64({0, 1, 3, -2})}, f64({1, 2, 8, 0.25}), of_base(2));
  t.unary("sqrt", sqrt, [](double x) { return std::sqrt(x); }, {.low = 0.2, .high = 4})
      .smooth_at({f64({4, 2, 0.25})}, f64({2, 1.4142135623730951, 0.5}), {f64({0.25, 0.3535533905932738, 1})},
                 {f64({-0.03125, -0.08838834764831845, -2})})
      .kink({f64({0, kInf})}, f64({0, kInf}), {f64({kInf, 0})}, {f64({-kInf, 0})})
      .gives({f64({0, 1, 4, 2, -1, kInf})}, f64({0, 1, 2, 1.4142135623730951, kNan, kInf}));
  t.unary("rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, {.low = 0.3, .high = 4})
      .smooth_at({f64({4, 1, 0.25})}, f64({0.5, 1, 2}), {f64({-0.0625, -0.5, -4})}, {f64({0.0234375, 0.75, 24})})
      .kink({f64({0, kInf})}, f64({kInf, 0}), {f64({-kInf, 0})}, {f64({kInf, 0})})
      .gives({f64({1, 4, 2, -1, kInf})}, f64({1, 0.5, 0.7071067811865476, kNan, 0}));
}

void add_exponentials(Table& t) {
  t.unary("exp", exp, [](double x) { return std::exp(x); })
      .smooth_at({f64({0, 1, -1, -1e3})}, f64({1, 2.718281828459045, 0.36787944117144233, 0}),
                 {f64({1, 2.718281828459045, 0.36787944117144233, 0})}, {f64({1, 2.718281828459045, 0.36787944117144233, 0})})
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, kInf})}, {f64({0, kInf})})
      .gives({f64({0, 1, -1, 1000, -1000, -kInf, kNan})}, f64({1, kE, 0.36787944117144233, kInf, 0, 0, kNan}));
  t.unary("expm1", expm1, [](double x) { return std::expm1(x); })
      .smooth_at({f64({0, 1, -1, -1e3})}, f64({0, 1.7182818284590453, -0.6321205588285577, -1}),
                 {f64({1, 2.718281828459045, 0.36787944117144233, 0})}, {f64({1, 2.718281828459045, 0.36787944117144233, 0})})
      .kink({f64({-kInf})}, f64({-1}), {f64({0})}, {f64({0})})
      .gives({f64({0, 1, -1, 1e-10, -kInf, 1000})}, f64({0, 1.7182818284590453, -0.6321205588285577, 1.00000000005e-10, -1, kInf}));
  t.unary("log", log, [](double x) { return std::log(x); }, {.low = 0.3, .high = 3})
      .smooth_at({f64({1, 2, 0.5})}, f64({0, 0.6931471805599453, -0.6931471805599453}), {f64({1, 0.5, 2})}, {f64({-1, -0.25, -4})})
      .kink({f64({0, kInf})}, f64({-kInf, kInf}), {f64({kInf, 0})}, {f64({-kInf, 0})})
      .gives({f64({1, kE, 2, kInf, -1})}, f64({0, 1, 0.6931471805599453, kInf, kNan}));
  t.unary("log1p", log1p, [](double x) { return std::log1p(x); }, {.low = -0.6, .high = 3})
      .smooth_at({f64({0, 1, -0.5})}, f64({0, 0.6931471805599453, -0.6931471805599453}), {f64({1, 0.5, 2})}, {f64({-1, -0.25, -4})})
      .kink({f64({-1, kInf})}, f64({-kInf, kInf}), {f64({kInf, 0})}, {f64({-kInf, 0})})
      .gives({f64({0, 1, 1e-10, kInf, -2})}, f64({0, 0.6931471805599453, 9.999999999500001e-11, kInf, kNan}));
  t.binary("logaddexp", logaddexp, [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); })
      .smooth_at({f64({0, 1e3, 5, -3}), f64({0, -1e3, 2.5, 4})}, f64({0.6931471805599453, 1e3, 5.693147180559945, 8.000016701561318}),
                 {f64({0.5, 1, 0.5, 1.670142184809518e-5}), f64({1, 0, 1, 1.9999665971563039})},
                 {f64({-0.25, 0, -0.25, -1.6701142910603434e-5}), f64({0.5, 0, 0.5, 3.340228582120687e-5})},
                 [](const Tensor& x, const Tensor& y) { return logaddexp(x, y * 2); })
      // An operand of -inf has no effect; equal infinities share the gradient.
      .kink({f64({-kInf, 5, kInf, -kInf, kInf, kInf}), f64({3, -kInf, kInf, -kInf, -kInf, 2})}, f64({6, 5, kInf, -kInf, kInf, kInf}),
            {f64({0, 1, 0.5, 0.5, 1, 1}), f64({2, 0, 1, 1, 0, 0})}, {f64({0, 0, 0, 0, 0, 0}), f64({0, 0, 0, 0, 0, 0})},
            [](const Tensor& x, const Tensor& y) { return logaddexp(x, y * 2); })
      .gives({f64({0, 1, -0.5, 1000, -3, -1000}), f64({0, 2, 0.25, 1000, -40, -1001})},
             f64({0.6931471805599453, 2.313261687518223, 0.6368710061148999, 1000.6931471805599, -3, -999.6867383124818}))
      .gives({f64({kInf, -kInf, -kInf, kInf, kInf, kNan}), f64({1, 3, -kInf, -kInf, kInf, kInf})}, f64({kInf, 3, -kInf, kInf, kInf, kNan}))
      .gives({f64({3e38, -3e38, 1e300}), f64({-3e38, -3e38, 1})}, f64({3e38, -3e38, 1e300}))  // whose difference leaves the type
      .gives({f64({0, 2})}, f64({1.3132616875182228, 2.313261687518223}), [](const Tensor& x) { return logaddexp(1, x); });
  t.unary("erf", erf, [](double x) { return std::erf(x); })
      .smooth_at({f64({0, 1, -3})}, f64({0, 0.8427007929497149, -0.9999779095030014}),
                 {f64({1.1283791670955126, 0.4151074974205947, 1.3925305194674786e-4})},
                 {f64({0, -0.8302149948411894, 0.0008355183116804871})})
      .smooth_at({f64({1e3, -1e3})}, f64({1, -1}), {f64({0, 0})}, {f64({0, 0})})
      .kink({f64({kInf, -kInf})}, f64({1, -1}), {f64({0, 0})}, {f64({0, 0})})
      .gives({f64({0, 1, -0.5, 10, -kInf})}, f64({0, 0.8427007929497149, -0.5204998778130465, 1, -1}));
  t.unary("sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); })
      .smooth_at({f64({0, 1, 40, -40})}, f64({0.5, 0.7310585786300049, 1, 4.248354255291589e-18}),
                 {f64({0.25, 0.19661193324148185, 4.248354255291589e-18, 4.248354255291589e-18})},
                 {f64({0, -0.09085774767294841, -4.248354255291589e-18, 4.248354255291589e-18})})
      .smooth_at({f64({1e3, -1e3})}, f64({1, 0}), {f64({0, 0})}, {f64({0, 0})})
      .kink({f64({kInf, -kInf})}, f64({1, 0}), {f64({0, 0})}, {f64({0, 0})})
      .gives({f64({0, 1, -1, 1000, -1000, kInf, -kInf, kNan})}, f64({0.5, 0.7310585786300049, 0.2689414213699951, 1, 0, 1, 0, kNan}));
}

void add_trigonometry(Table& t) {
  t.unary("sin", sin, [](double x) { return std::sin(x); })
      .smooth_at({f64({0, 1, -100})}, f64({0, 0.8414709848078965, 0.5063656411097588}), {f64({1, 0.5403023058681398, 0.8623188722876839})},
                 {f64({0, -0.8414709848078965, -0.5063656411097588})})
      .kink({f64({kInf})}, f64({kNan}), {f64({kNan})}, {f64({kNan})})
      .gives({f64({0, 1, -1, 3, 1e5, kInf})},
             f64({0, 0.8414709848078965, -0.8414709848078965, 0.1411200080598672, 0.03574879797201651, kNan}));
  t.unary("cos", cos, [](double x) { return std::cos(x); })
      .smooth_at({f64({0, 1, -100})}, f64({1, 0.5403023058681398, 0.8623188722876839}),
                 {f64({0, -0.8414709848078965, -0.5063656411097588})}, {f64({-1, -0.5403023058681398, -0.8623188722876839})})
      .kink({f64({kInf})}, f64({kNan}), {f64({kNan})}, {f64({kNan})})
      .gives({f64({0, 1, -1, -kInf})}, f64({1, 0.5403023058681398, 0.5403023058681398, kNan}));
  t.unary("tan", tan, [](double x) { return std::tan(x); }, {.low = -1.2, .high = 1.2})
      .smooth_at({f64({0, 1, -1.5})}, f64({0, 1.5574077246549023, -14.101419947171719}), {f64({1, 3.4255188208147596, 199.85004452649247})},
                 {f64({0, 10.669858944975317, -5636.338808658074})})
      .gives({f64({0, 1, -1})}, f64({0, 1.5574077246549023, -1.5574077246549023}));
  t.unary("asin", asin, [](double x) { return std::asin(x); }, {.low = -0.8, .high = 0.8})
      .smooth_at({f64({0, 0.5, -0.75})}, f64({0, 0.5235987755982989, -0.848062078981481}),
                 {f64({1, 1.1547005383792515, 1.511857892036909})}, {f64({0, 0.769800358919501, -2.5917563863489868})})
      .kink({f64({1, -1})}, f64({1.5707963267948966, -1.5707963267948966}), {f64({kInf, kInf})}, {f64({kInf, -kInf})})
      .gives({f64({0, 0.5, -1, 2})}, f64({0, 0.5235987755982989, -kPi / 2, kNan}));
  t.unary("acos", acos, [](double x) { return std::acos(x); }, {.low = -0.8, .high = 0.8})
      .smooth_at({f64({0, 0.5, -0.75})}, f64({1.5707963267948966, 1.0471975511965979, 2.4188584057763776}),
                 {f64({-1, -1.1547005383792515, -1.511857892036909})}, {f64({0, -0.769800358919501, 2.5917563863489868})})
      .kink({f64({1, -1})}, f64({0, 3.141592653589793}), {f64({-kInf, -kInf})}, {f64({-kInf, kInf})})
      .gives({f64({0, 0.5, -1, 2})}, f64({kPi / 2, 1.0471975511965979, kPi, kNan}));
  t.unary("atan", atan, [](double x) { return std::atan(x); })
      .smooth_at({f64({0, 1, -3})}, f64({0, 0.7853981633974483, -1.2490457723982544}), {f64({1, 0.5, 0.1})}, {f64({0, -0.5, 0.06})})
      .smooth_at({f64({1e10, -1e12})}, f64({1.5707963266948965, -1.5707963267938967}), {f64({1e-20, 1e-24})}, {f64({-2e-30, 2e-36})})
      .smooth_at({f64({1e30, -1e200})}, f64({1.5707963267948966, -1.5707963267948966}), {f64({1e-60, 0})}, {f64({-2e-90, 0})})
      .kink({f64({kInf, -kInf})}, f64({1.5707963267948966, -1.5707963267948966}), {f64({0, 0})}, {f64({0, 0})})
      .gives({f64({0, 1, -1, kInf})}, f64({0, kPi / 4, -kPi / 4, kPi / 2}));
  t.binary("atan2", atan2, [](double a, double b) { return std::atan2(a, b); }, {.avoid = {0}}, {.low = 0.3, .high = 2})
      .on({{2, 3}, in({3}, {.low = -2, .high = -0.3})})
      .smooth_at({f64({0, 2, -2, 1, -1, 3}), f64({1, 0, 0, 1, -1, -4})},
                 f64({0, 1.5707963267948966, -1.5707963267948966, 0.7853981633974483, -2.356194490192345, 2.498091544796509}),
                 {f64({1, 0, 0, 0.5, -0.5, -0.16}), f64({0, -0.5, 0.5, -0.5, 0.5, -0.12})},
                 {f64({-1, 0.25, 0.25, -0.5, -0.5, 0.0272}), f64({-1, 0.25, 0.25, 0.5, 0.5, -0.0496})})
      .smooth_at({f64({1e30, -1e-15}), f64({1e30, 1e-15})}, f64({0.7853981633974483, -0.7853981633974483}),
                 {f64({4.9999999999999995e-31, 499999999999999.94}), f64({-4.9999999999999995e-31, 499999999999999.94})},
                 {f64({-5e-61, 4.9999999999999994e29}), f64({5e-61, -4.9999999999999994e29})})
      .smooth_at({f64({1e-18, 4e-18}), f64({1e-18, 3e-18})}, f64({0.7853981633974483, 0.9272952180016123}),
                 {f64({4.9999999999999994e17, 1.1999999999999998e17}), f64({-4.9999999999999994e17, -1.6e17})},
                 {f64({-4.9999999999999995e35, -2.719999999999999e34}), f64({4.9999999999999995e35, 4.96e34})})
      .smooth_at({f64({1e150, 1e-150}), f64({1e150, 2e-150})}, f64({0.7853981633974483, 0.4636476090008061}),
                 {f64({5e-151, 4e149}), f64({-5e-151, -2e149})}, {f64({-5e-301, -2.8e299}), f64({5e-301, 4e298})})
      .smooth_at({f64({1e-30, 1e30}), f64({1e-30, 1e30})}, f64({0.7853981633974483, 0.7853981633974483}),
                 {f64({4.9999999999999994e29, 4.9999999999999995e-31}), f64({-4.9999999999999994e29, -4.9999999999999995e-31})},
                 {f64({-4.999999999999999e59, -5e-61}), f64({4.999999999999999e59, 5e-61})})
      .smooth_at({f64({1e200}), f64({1e200})}, f64({0.7853981633974483}), {f64({5e-201}), f64({-5e-201})}, {f64({0}), f64({0})})
      // On the negative half of the axis of x, where the value jumps, derivatives are those from above.
      .kink({f64({0, 0}), f64({-1, 0})}, f64({3.141592653589793, 0}), {f64({-1, kNan}), f64({0, kNan})}, {f64({-1, kNan}), f64({-1, kNan})})
      .gives({f64({0, 1, 1, -1, 0}), f64({1, 0, -1, 1, -1})}, f64({0, kPi / 2, 3 * kPi / 4, -kPi / 4, kPi}));
  t.binary("hypot", hypot, [](double a, double b) { return std::hypot(a, b); }, {}, {.low = 0.4, .high = 2})
      .on({{2, 3}, in({3}, {.low = -2, .high = -0.4})})
      .smooth_at({f64({3, 0, 3, -5}), f64({0, -2, 4, 12})}, f64({3, 2, 5, 13}),
                 {f64({1, 0, 0.6, -0.38461538461538464}), f64({0, -1, 0.8, 0.9230769230769231})},
                 {f64({0, 0.5, 0.032, 0.09285389167045972}), f64({0.3333333333333333, 0, -0.024, 0.03868912152935822})})
      .smooth_at({f64({3e30, 3e-30}), f64({4e30, -4e-30})}, f64({5e30, 5.0000000000000004e-30}), {f64({0.6, 0.6}), f64({0.8, -0.8})},
                 {f64({3.2000000000000013e-32, 2.24e29}), f64({-2.4000000000000007e-32, 1.68e29})})
      .smooth_at({f64({3e150, 3e-150}), f64({4e150, -4e-150})}, f64({5e150, 5e-150}),
                 {f64({0.6, 0.6}), f64({0.7999999999999999, -0.7999999999999999})},
                 {f64({3.1999999999999993e-152, 2.24e149}), f64({-2.3999999999999996e-152, 1.68e149})})
      // The tip of a cone has no second derivatives.
      .kink({f64({0, 0}), f64({0, -0.0})}, f64({0, 0}), {f64({0, 0}), f64({0, 0})}, {f64({kNan, kNan}), f64({kNan, kNan})})
      .kink({f64({kInf, 2}), f64({1, -kInf})}, f64({kInf, kInf}), {f64({kNan, 0}), f64({0, kNan})}, {f64({kNan, kNan}), f64({kNan, kNan})})
      .gives({f64({3, -5, 0, 1, 2, -7}), f64({4, 12, -2, 1, -0.5, 0})}, f64({5, 13, 2, 1.4142135623730951, 2.0615528128088303, 7}))
      .gives({f64({3e30, 1e-30, 1e-20}), f64({-4e30, 0, 1e-20})}, f64({5e30, 1e-30, 1.4142135623730951e-20}))  // squares leave float32
      .gives({f64({3e300, 3e-300}), f64({4e300, -4e-300})}, f64({5e300, 5e-300}))
      .gives({f64({kInf, -kInf, kInf, kNan, 1}), f64({1, kNan, kInf, 1, kNan})}, f64({kInf, kInf, kInf, kNan, kNan}))
      .gives({f64({3, 8})}, f64({5, 8.94427190999916}), [](const Tensor& x) { return hypot(x, 4); });
  t.unary("sinh", sinh, [](double x) { return std::sinh(x); })
      .smooth_at({f64({0, 1, -20})}, f64({0, 1.1752011936438014, -242582597.70489514}), {f64({1, 1.5430806348152437, 242582597.70489514})},
                 {f64({0, 1.1752011936438014, -242582597.70489514})})
      .kink({f64({kInf, -kInf})}, f64({kInf, -kInf}), {f64({kInf, kInf})}, {f64({kInf, -kInf})})
      .gives({f64({0, 1, -1, 1000})}, f64({0, 1.1752011936438014, -1.1752011936438014, kInf}));
  t.unary("cosh", cosh, [](double x) { return std::cosh(x); })
      .smooth_at({f64({0, 1, -20})}, f64({1, 1.5430806348152437, 242582597.70489514}), {f64({0, 1.1752011936438014, -242582597.70489514})},
                 {f64({1, 1.5430806348152437, 242582597.70489514})})
      .kink({f64({kInf, -kInf})}, f64({kInf, kInf}), {f64({kInf, -kInf})}, {f64({kInf, kInf})})
      .gives({f64({0, 1, -1, 1000})}, f64({1, 1.5430806348152437, 1.5430806348152437, kInf}));
  t.unary("tanh", tanh, [](double x) { return std::tanh(x); })
      .smooth_at({f64({0, 0.5, 20, -20})}, f64({0, 0.46211715726000974, 1, -1}),
                 {f64({1, 0.7864477329659274, 1.6993417021166355e-17, 1.6993417021166355e-17})},
                 {f64({0, -0.7268619813835873, -3.398683404233271e-17, 3.398683404233271e-17})})
      .smooth_at({f64({1e3, -1e3})}, f64({1, -1}), {f64({0, 0})}, {f64({0, 0})})
      .kink({f64({kInf, -kInf})}, f64({1, -1}), {f64({0, 0})}, {f64({0, 0})})
      .gives({f64({0, 1, -0.5, 1000, -kInf})}, f64({0, 0.7615941559557649, -0.46211715726000974, 1, -1}));
}

void add_steps(Table& t) {
  t.unary_any("sign", sign, [](double x) { return double(x > 0) - double(x < 0); }, {.avoid = {0}})
      .kink({f64({-1, 0, 1, kInf})}, f64({-1, 0, 1, 1}), {f64({0, 0, 0, 0})}, {f64({0, 0, 0, 0})})
      .gives({f64({-1.5, 0, 2, kInf, -kInf})}, f64({-1, 0, 1, 1, -1}));
  t.unary_any("floor", floor, [](double x) { return std::floor(x); }, {.avoid = {-2, -1, 0, 1, 2}})
      .kink({f64({1, -0.5})}, f64({1, -1}), {f64({0, 0})}, {f64({0, 0})})
      .gives({f64({-1.5, 0, 2.7, 3, kInf})}, f64({-2, 0, 2, 3, kInf}));
  t.unary_any("ceil", ceil, [](double x) { return std::ceil(x); }, {.avoid = {-2, -1, 0, 1, 2}})
      .kink({f64({1, 0.5})}, f64({1, 1}), {f64({0, 0})}, {f64({0, 0})})
      .gives({f64({-1.5, 0, 2.2, 3, -kInf})}, f64({-1, 0, 3, 3, -kInf}));
  t.unary_any("round", round, [](double x) { return std::nearbyint(x); }, {.avoid = {-1.5, -0.5, 0.5, 1.5}})
      .kink({f64({0.5, 1.5, 1})}, f64({0, 2, 1}), {f64({0, 0, 0})}, {f64({0, 0, 0})})
      .gives({f64({-1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6})}, f64({-2, 0, 0, 2, 2, 2, -3}));
}

void add_choices(Table& t) {
  t.binary_any("maximum", maximum, [](double a, double b) { return std::max(a, b); }, {}, {.low = -2.5, .high = 1.5})
      .kink({f64({1, 2, 3}), f64({1, 3, 2})}, f64({1, 3, 3}), {f64({0.5, 0, 1}), f64({0.5, 1, 0})}, {f64({0, 0, 0}), f64({0, 0, 0})})
      .gives({f64({1, 5, -1, kNan, 2}), f64({2, 3, -4, 0, kNan})}, f64({2, 5, -1, kNan, kNan}));
  t.binary_any("minimum", minimum, [](double a, double b) { return std::min(a, b); }, {}, {.low = -2.5, .high = 1.5})
      .kink({f64({1, 2, 3}), f64({1, 3, 2})}, f64({1, 2, 2}), {f64({0.5, 1, 0}), f64({0.5, 0, 1})}, {f64({0, 0, 0}), f64({0, 0, 0})})
      .gives({f64({1, 5, -1, kNan, 2}), f64({2, 3, -4, 0, kNan})}, f64({1, 3, -4, kNan, kNan}));
  t.unary_any(
       "clamp", [](const TensorArg& x) { return clamp(x, -1, 1); }, [](double x) { return std::min(std::max(x, -1.0), 1.0); },
       {.avoid = {-1, 1}})
      .on({{2, 3}}, [](const Tensor& x) { return clamp(x, 2.5, kInf); })
      .kink({f64({-3, -1, 0, 1, 2})}, f64({-1, -1, 0, 1, 1}), {f64({0, 1, 1, 1, 0})}, {f64({0, 0, 0, 0, 0})})
      .gives({f64({-3, -1, 0, 1, 2, kNan})}, f64({-1, -1, 0, 1, 1, kNan}))
      .gives({f64({-3, 1})}, f64({-3, 0}), [](const Tensor& x) { return clamp(x, -kInf, 0); })
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
      // Elements that are not selected do not affect a gradient, even if they are infinite.
      .kink({f64({0, 4})}, f64({0, 2}), {f64({0, 0.25})}, {f64({0, -0.03125})},
            [](const Tensor& x) { return where(gt(x, 0), sqrt(where(gt(x, 0), x, 1)), 0); })
      .gives({f64({1, 0, kNan}), f64({1, 2, 3}), f64({4, 5, 6})}, f64({1, 5, 3}), where)
      .gives({i64({1, 0}), i64({1, 2}), i64(4)}, i64({1, 4}), where)
      .gives({f64({{1}, {0}})}, f64({{2}, {3}}), [](const Tensor& c) { return where(c, 2, 3); })
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
      .smooth_at({f64({0, 10, -2}), f64({4, 20, -2}), f64({0, 0.5, 1})}, f64({0, 15, -2}),
                 {f64({1, 0.5, 0}), f64({0, 0.5, 1}), f64({4, 10, 0})}, {f64({-1, -1, -1}), f64({1, 1, 1}), f64({0, 0, 0})})
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
      .everywhere_smooth("constant: no gradient")
      .gives({left, right}, f64({0, 1, 0, 0}))
      .gives({i64({1, 2}), i64(2)}, i64({0, 1}));
  t.binary_any("ne", ne, [](double a, double b) { return double(a != b); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({left, right}, f64({1, 0, 1, 1}))
      .gives({i64({1, 2}), i64(2)}, i64({1, 0}));
  t.binary_any("lt", lt, [](double a, double b) { return double(a < b); })
      .constant()
      .gives({i64({0, 1})}, i64({1, 0}), [](const Tensor& x) { return lt(x, 0.5); })
      .gives({i64({0, 1})}, i64({0, 0}), [](const Tensor& x) { return lt(1e30, x); })
      .everywhere_smooth("constant: no gradient")
      .gives({left, right}, f64({1, 0, 0, 0}))
      .gives({i64({1, 2}), i64(2)}, i64({1, 0}));
  t.binary_any("le", le, [](double a, double b) { return double(a <= b); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({left, right}, f64({1, 1, 0, 0}))
      .gives({i64({2, 3}), i64(2)}, i64({1, 0}));
  t.binary_any("gt", gt, [](double a, double b) { return double(a > b); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({left, right}, f64({0, 0, 1, 0}))
      .gives({i64({2, 3}), i64(2)}, i64({0, 1}));
  t.binary_any("ge", ge, [](double a, double b) { return double(a >= b); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({left, right}, f64({0, 1, 1, 0}))
      .gives({i64({1, 2}), i64(2)}, i64({0, 1}));
  const Tensor p = f64({0, 0, 2, -1, kNan}), q = f64({0, 1, 0, 3, 1});
  t.binary_any("logical_and", logical_and, [](double a, double b) { return double(a != 0 && b != 0); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({p, q}, f64({0, 0, 0, 1, 1}))
      .gives({i64({0, 2}), i64(5)}, i64({0, 1}));
  t.binary_any("logical_or", logical_or, [](double a, double b) { return double(a != 0 || b != 0); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({p, q}, f64({0, 1, 1, 1, 1}))
      .gives({i64({0, 2}), i64(0)}, i64({0, 1}));
  t.unary_any("logical_not", logical_not, [](double x) { return double(x == 0); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({p}, f64({1, 1, 0, 0, 0}))
      .gives({i64({0, 2})}, i64({1, 0}));
  const Tensor odd = f64({1, kNan, kInf, -kInf});
  t.unary_any("isnan", isnan, [](double x) { return double(std::isnan(x)); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({odd}, f64({0, 1, 0, 0}))
      .gives({i64({0, 2})}, i64({0, 0}));
  t.unary_any("isinf", isinf, [](double x) { return double(std::isinf(x)); })
      .constant()
      .everywhere_smooth("constant: no gradient")
      .gives({odd}, f64({0, 0, 1, 1}))
      .gives({i64({0, 2})}, i64({0, 0}));
  t.unary_any("isfinite", isfinite, [](double x) { return double(std::isfinite(x)); })
      .constant()
      .everywhere_smooth("constant: no gradient")
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
