#include "autograd/ops/elementwise.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <limits>
#include <numbers>
#include <span>

#include "autograd/ops/broadcast.h"
#include "autograd/ops/create.h"
#include "autograd/ops/elementwise_op.h"
#include "autograd/ops/internal.h"
#include "autograd/parallel/parallel.h"

namespace chainrule {

using namespace detail;

namespace {

using Int = std::int64_t;

// int64 arithmetic wraps around, as in PyTorch. It is computed with unsigned integers, for which overflow is defined.
constexpr auto kAddInt = [](Int a, Int b) { return static_cast<Int>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b)); };
constexpr auto kSubInt = [](Int a, Int b) { return static_cast<Int>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b)); };
constexpr auto kMulInt = [](Int a, Int b) { return static_cast<Int>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b)); };

constexpr auto kSameInt = [](Int a) { return a; };

// int64 operands are divided like floating ones.
Tensor div_integers(const Operand& a, const Operand& b) {
  const CallerScope caller(a.line());
  const auto floating = [](const Operand& side) {
    return side.is_number() ? full(Shape{}, side.number(), DType::float64) : side.tensor().to(DType::float64);
  };
  return div(floating(a), floating(b)).to(default_dtype());
}

// Returns the Tensor of an operand, or a Tensor of its number, which is put into `constant`.
const Tensor& as_tensor(const char* op, const Operand& operand, DType dtype, const SourceLine& line, Tensor& constant) {
  if (!operand.is_number()) return operand.tensor();
  check_number(op, "the number", operand.number(), dtype, line);
  return constant = full(Shape{}, operand.number(), dtype);
}

Tensor pow_integers(const Operand& a, const Operand& b) {
  Tensor constant;
  const Tensor* inputs[] = {&as_tensor("pow", a, DType::int64, a.line(), constant), &as_tensor("pow", b, DType::int64, a.line(), constant)};
  const Shape shape = broadcast_shapes("pow", shape_of(*inputs[0]), shape_of(*inputs[1]), a.line());
  return make_result(
      "pow", a.line(), DType::int64, shape, inputs,
      [](const OpContext& context) {
        const OpValues<Int> v(context);
        const Int *const bases = v.in(0), *const exponents = v.in(1);
        for (Int i = 0; i < v.in_numel(1); ++i)
          if (exponents[i] < 0) v.fail("an exponent is ", exponents[i], ", expected at least 0 for int64");
        broadcast_runs<2>(v.out_shape(), {v.in_shape(0), v.in_shape(1)}, [&](const auto& offsets, const auto& steps, Int begin, Int n) {
          for (Int i = 0; i < n; ++i) {
            Int power = 1, square = bases[offsets[0] + i * steps[0]];
            for (Int left = exponents[offsets[1] + i * steps[1]]; left > 0; left /= 2, square = kMulInt(square, square))
              if (left % 2 != 0) power = kMulInt(power, square);
            v.out()[begin + i] = power;
          }
        });
      },
      kNoRule);
}

// How an integer compares with a floating number, without rounding either.
std::partial_ordering compared(Int x, double number) noexcept {
  if (std::isnan(number)) return std::partial_ordering::unordered;
  if (number >= 0x1p63) return std::partial_ordering::less;
  if (number < -0x1p63) return std::partial_ordering::greater;
  const double whole = std::trunc(number);
  const auto integer = static_cast<Int>(whole);
  if (x != integer) return x <=> integer;
  return whole <=> number;
}

// A comparison: `holds(order)` tells whether it is true for operands in this order.
template <class Choose, class Holds>
Tensor comparison(const char* op, const Operand& a, const Operand& b, Choose choose, Holds) {
  const Operand &number = a.is_number() ? a : b, &other = a.is_number() ? b : a;
  if (number.is_number() && !number.number().is_integer() && !other.is_number() && other.tensor().defined() &&
      node_of(other.tensor())->dtype == DType::int64) {
    const Tensor* inputs[] = {&other.tensor()};
    return make_result(
        op, a.line(), DType::int64, Sizes(node_of(other.tensor())), inputs,
        [value = number.number().value(), number_first = a.is_number()](const OpContext& context) {
          const OpValues<Int> v(context);
          std::transform(v.in(), v.in() + v.in_numel(), v.out(), [=](Int x) {
            const std::partial_ordering order = compared(x, value);
            return Int{Holds()(number_first ? 0 <=> order : order)};
          });
        },
        kNoRule);
  }
  return binary_any(
      op, a, b, choose, [](Int x, Int y) { return Int{Holds()(x <=> y)}; }, kNoRule);
}

}  // namespace

Tensor add(const Operand& a, const Operand& b) {
  return binary_any(
      "add", a, b, [](const auto& loops) { return loops.add; }, kAddInt, scalar_rule([](auto& s) {
        if (s.needs_a()) s.set_a(s.grad_out());
        if (s.needs_b()) s.set_b(s.grad_out());
      }));
}

Tensor sub(const Operand& a, const Operand& b) {
  return binary_any(
      "sub", a, b, [](const auto& loops) { return loops.sub; }, kSubInt, scalar_rule([](auto& s) {
        if (s.needs_a()) s.set_a(s.grad_out());
        if (s.needs_b()) s.set_b(neg(s.grad_out()));
      }));
}

Tensor mul(const Operand& a, const Operand& b) {
  return binary_any(
      "mul", a, b, [](const auto& loops) { return loops.mul; }, kMulInt, scalar_rule([](auto& s) {
        if (s.needs_a()) s.set_a(s.grad_out() * s.b());
        if (s.needs_b()) s.set_b(s.grad_out() * s.a());
      }));
}

Tensor div(const Operand& a, const Operand& b) {
  return binary_apart(
      "div", a, b, [](const auto& loops) { return loops.div; }, [](const Operand& x, const Operand& y) { return div_integers(x, y); },
      scalar_rule([](auto& s) {
        if (s.needs_a()) s.set_a(s.grad_out() / s.b());
        if (s.needs_b()) s.set_b(-s.grad_out() * s.output() / s.b());
      }));
}

namespace {

// The first derivatives of a^b, for a graph. Where a is 0 and b from 0 to 1, the mixed derivative a^(b-1)·(1 + b·log(a)) is infinite: inf
// at b = 0, else -inf. The terms that have it are 0·inf there; the square root of 0, whose derivative is infinite too, takes their place.
struct PowDerivatives {
  Tensor a, b;
  const Tensor steep = logical_and(eq(a, 0), logical_and(ge(b, 0), le(b, 1)));
  const Tensor direction = where(eq(b, 0), 1, -1);

  Tensor root_of_zero(const Tensor& zero) const { return direction * sqrt(where(steep, zero + 0.0, 1.0)); }  // adding 0 makes 0 of -0

  // b·a^(b-1), and 0 at (0, 0): the slope of the constant a^0.
  Tensor of_base() const {
    const Tensor fixed = b.detach(), exponent = where(eq(b, 0), 0.0, fixed - 1);
    const Tensor at_zero = fixed * pow(where(steep, a, 1.0), exponent) + root_of_zero(b - fixed);
    return where(steep, at_zero, b * pow(where(steep, 1.0, a), b - 1));
  }

  // a^b·log(a), and 0 where a is 0 and b is not negative. The power is computed again, because a gradient of 0 for the result of pow would
  // become 0·inf in its rule.
  Tensor of_exponent() const {
    const Tensor flat = logical_and(eq(a, 0), ge(b, 0)), safe = where(flat, 1.0, a);
    return where(steep, root_of_zero(a), where(flat, 0.0, pow(safe, b) * log(safe)));
  }
};

}  // namespace

Tensor pow(const Operand& a, const Operand& b) {
  return binary_apart(
      "pow", a, b, [](const auto& loops) { return loops.pow; }, [](const Operand& x, const Operand& y) { return pow_integers(x, y); },
      scalar_rule([](auto& s) {
        if constexpr (std::is_same_v<decltype(s), Sides&>) {
          if (RuleContext::in_ops() && !s.a_is_number() && !s.b_is_number()) {
            const PowDerivatives derivatives{s.a().tensor(), s.b().tensor()};
            if (s.needs_a()) s.set_a(s.grad_out() * derivatives.of_base());
            if (s.needs_b()) s.set_b(s.grad_out() * derivatives.of_exponent());
            return;
          }
        }
        if (s.needs_a()) {
          if (s.b_is_number()) {
            const double exponent = s.number();
            if (exponent == 0) {
              s.set_a(s.grad_out() * 0.0);
            } else if (exponent == 2) {
              s.set_a(s.grad_out() * (s.a() * 2.0));
            } else {
              s.set_a(s.grad_out() * (pow(s.a(), exponent - 1) * exponent));
            }
          } else {
            // b·a^(b-1). At (0, 0) this is 0·inf; the slope there is 0, that of the constant a^0.
            const auto origin = logical_and(eq(s.a(), 0), eq(s.b(), 0));
            s.set_a(s.grad_out() * where(origin, 0.0, s.b() * pow(where(origin, 1.0, s.a()), s.b() - 1)));
          }
        }
        if (s.needs_b()) {
          if (s.a_is_number()) {
            const double base = s.number();
            // 0^b is constant for b > 0. For b < 0 it is inf, and its derivatives are -inf and inf in turn.
            s.set_b(s.grad_out() * (base == 0 ? where(ge(s.b(), 0), 0.0, -s.output()) : s.output() * std::log(base)));
          } else {
            const auto flat = logical_and(eq(s.a(), 0), ge(s.b(), 0));
            s.set_b(s.grad_out() * where(flat, 0.0, s.output() * log(where(flat, 1.0, s.a()))));
          }
        }
      }));
}

Tensor atan2(const Operand& a, const Operand& b) {
  return binary(
      "atan2", a, b, [](const auto& loops) { return loops.atan2; },
      [](Sides& s) {
        const Operand y = s.a(), x = s.b();
        const Tensor length = hypot(y, x);  // its square could overflow or underflow
        const Tensor slope = s.grad_out() / length;
        if (s.needs_a()) s.set_a(div(x, length) * slope);
        if (s.needs_b()) s.set_b(div(y, length) * -slope);
      });
}

Tensor hypot(const Operand& a, const Operand& b) {
  return binary(
      "hypot", a, b, [](const auto& loops) { return loops.hypot; }, scalar_rule([](auto& s) {
        const auto y = s.output();
        const auto origin = eq(y, 0.0);  // the tip of a cone: slope 0 by convention, and no second derivatives, which become 0/0
        if (s.needs_a()) s.set_a(s.grad_out() * where(origin, 0.0, s.a() / y));
        if (s.needs_b()) s.set_b(s.grad_out() * where(origin, 0.0, s.b() / y));
      }));
}

Tensor logaddexp(const Operand& a, const Operand& b) {
  return binary(
      "logaddexp", a, b, [](const auto& loops) { return loops.logaddexp; }, scalar_rule([](auto& s) {
        // The difference of equal infinities would be NaN.
        const auto tie = logical_and(eq(s.a(), s.b()), isinf(s.output()));
        const auto difference = where(tie, 0.0, s.a() - s.b());
        if (s.needs_a()) s.set_a(s.grad_out() * sigmoid(difference));
        if (s.needs_b()) s.set_b(s.grad_out() * sigmoid(-difference));
      }));
}

namespace {

// The share of the gradient of one operand: 1 where it was chosen, 1/2 where both are equal.
Tensor winner(const Tensor& wins, const Tensor& ties) { return wins + ties * 0.5; }

}  // namespace

Tensor maximum(const Operand& a, const Operand& b) {
  return binary_any(
      "maximum", a, b, [](const auto& loops) { return loops.maximum; }, [](Int x, Int y) { return std::max(x, y); },
      [](Sides& s) {
        const Tensor ties = eq(s.a(), s.b());
        if (s.needs_a()) s.set_a(s.grad_out() * winner(gt(s.a(), s.b()), ties));
        if (s.needs_b()) s.set_b(s.grad_out() * winner(lt(s.a(), s.b()), ties));
      });
}

Tensor minimum(const Operand& a, const Operand& b) {
  return binary_any(
      "minimum", a, b, [](const auto& loops) { return loops.minimum; }, [](Int x, Int y) { return std::min(x, y); },
      [](Sides& s) {
        const Tensor ties = eq(s.a(), s.b());
        if (s.needs_a()) s.set_a(s.grad_out() * winner(lt(s.a(), s.b()), ties));
        if (s.needs_b()) s.set_b(s.grad_out() * winner(gt(s.a(), s.b()), ties));
      });
}

Tensor neg(const TensorArg& x) {
  return unary_any(
      "neg", x, [](const auto& loops) { return loops.neg; }, [](Int v) { return kSubInt(0, v); },
      scalar_rule([](auto& r) { r.set(0, neg(r.grad_out())); }));
}

Tensor abs(const TensorArg& x) {
  return unary_any(
      "abs", x, [](const auto& loops) { return loops.abs; }, [](Int v) { return v < 0 ? kSubInt(0, v) : v; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * sign(r.input(0))); }));
}

Tensor sign(const TensorArg& x) {
  return unary_any(
      "sign", x, [](const auto& loops) { return loops.sign; }, [](Int v) { return Int{v > 0} - Int{v < 0}; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * 0.0); }));
}

Tensor exp(const TensorArg& x) {
  return unary(
      "exp", x, [](const auto& loops) { return loops.exp; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() * r.output()); }));
}

Tensor expm1(const TensorArg& x) {
  return unary(
      "expm1", x, [](const auto& loops) { return loops.expm1; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() * exp(r.input(0))); }));
}

Tensor log(const TensorArg& x) {
  return unary(
      "log", x, [](const auto& loops) { return loops.log; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() / r.input(0)); }));
}

Tensor log1p(const TensorArg& x) {
  return unary(
      "log1p", x, [](const auto& loops) { return loops.log1p; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() / (r.input(0) + 1)); }));
}

Tensor sqrt(const TensorArg& x) {
  return unary(
      "sqrt", x, [](const auto& loops) { return loops.sqrt; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() / (r.output() * 2)); }));
}

Tensor rsqrt(const TensorArg& x) {
  return unary(
      "rsqrt", x, [](const auto& loops) { return loops.rsqrt; }, scalar_rule([](auto& r) {
        const auto y = r.output();
        r.set(0, r.grad_out() * (y * y * y * -0.5));
      }));
}

Tensor square(const TensorArg& x) {
  return unary_any(
      "square", x, [](const auto& loops) { return loops.square; }, [](Int v) { return kMulInt(v, v); },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * (r.input(0) * 2)); }));
}

Tensor reciprocal(const TensorArg& x) {
  return unary(
      "reciprocal", x, [](const auto& loops) { return loops.reciprocal; },
      scalar_rule([](auto& r) { r.set(0, -r.grad_out() * square(r.output())); }));
}

Tensor sin(const TensorArg& x) {
  return unary(
      "sin", x, [](const auto& loops) { return loops.sin; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() * cos(r.input(0))); }));
}

Tensor cos(const TensorArg& x) {
  return unary(
      "cos", x, [](const auto& loops) { return loops.cos; }, scalar_rule([](auto& r) { r.set(0, -r.grad_out() * sin(r.input(0))); }));
}

Tensor tan(const TensorArg& x) {
  return unary(
      "tan", x, [](const auto& loops) { return loops.tan; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * (square(r.output()) + 1)); }));
}

Tensor detail::one_minus_square(const Tensor& x) {
  return unary(
      "one_minus_square", x, [](const auto& loops) { return loops.one_minus_square; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * (r.input(0) * -2.0)); }));
}

Tensor asin(const TensorArg& x) {
  return unary(
      "asin", x, [](const auto& loops) { return loops.asin; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * rsqrt(one_minus_square(r.input(0)))); }));
}

Tensor acos(const TensorArg& x) {
  return unary(
      "acos", x, [](const auto& loops) { return loops.acos; },
      scalar_rule([](auto& r) { r.set(0, -r.grad_out() * rsqrt(one_minus_square(r.input(0)))); }));
}

Tensor sinh(const TensorArg& x) {
  return unary(
      "sinh", x, [](const auto& loops) { return loops.sinh; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() * cosh(r.input(0))); }));
}

Tensor cosh(const TensorArg& x) {
  return unary(
      "cosh", x, [](const auto& loops) { return loops.cosh; }, scalar_rule([](auto& r) { r.set(0, r.grad_out() * sinh(r.input(0))); }));
}

Tensor detail::tanh_gradient(const Tensor& grad, const Tensor& x) {
  return binary(
      "tanh_gradient", grad, x, [](const auto& loops) { return loops.tanh_gradient; },
      [](Sides& s) {
        const Tensor at = s.b().tensor();
        if (s.needs_a()) s.set_a(tanh_gradient(s.grad_out(), at));
        if (s.needs_b()) s.set_b(tanh_gradient(s.grad_out() * s.a(), at) * (tanh(at) * -2.0));
      });
}

Tensor detail::sigmoid_gradient(const Tensor& grad, const Tensor& x) {
  return binary(
      "sigmoid_gradient", grad, x, [](const auto& loops) { return loops.sigmoid_gradient; },
      [](Sides& s) {
        const Tensor at = s.b().tensor();
        if (s.needs_a()) s.set_a(sigmoid_gradient(s.grad_out(), at));
        if (s.needs_b()) s.set_b(sigmoid_gradient(s.grad_out() * s.a(), at) * -tanh(at * 0.5));  // 1 - 2·sigmoid(x) = -tanh(x/2)
      });
}

Tensor tanh(const TensorArg& x) {
  return unary(
      "tanh", x, [](const auto& loops) { return loops.tanh; },
      scalar_rule([](auto& r) { r.set(0, tanh_gradient(r.grad_out(), r.input(0))); }));  // grad / cosh²(x)
}

Tensor sigmoid(const TensorArg& x) {
  return unary(
      "sigmoid", x, [](const auto& loops) { return loops.sigmoid; },
      scalar_rule([](auto& r) { r.set(0, sigmoid_gradient(r.grad_out(), r.input(0))); }));  // grad·sigmoid(x)·sigmoid(-x)
}

namespace {

// The input x of a slope y that tends to 0 faster than x to infinity: 0 where y is 0, so that y·x is 0 at infinity instead of NaN.
auto input_where_not_flat(auto& r) { return where(eq(r.output(), 0.0), 0.0, r.input(0)); }

template <class T>
void atan_derivative_loop(const T* x, T* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = 1 / (x[i] * x[i] + 1);
}

constexpr auto kAtanDerivative = []<class T>(const kernels::Elementwise<T>&) { return atan_derivative_loop<T>; };

// 1/(x² + 1). A quotient of differentiable ops would square this, which can be too small for the dtype.
Tensor atan_derivative(const Tensor& x) {
  return unary("atan_derivative", x, kAtanDerivative,
               scalar_rule([](auto& r) { r.set(0, r.grad_out() * (r.output() * (r.output() * input_where_not_flat(r)) * -2.0)); }));
}

template <class T>
Scalar<T> atan_derivative(Scalar<T> x) noexcept {
  return scalar_unary(x, kAtanDerivative);
}

}  // namespace

Tensor atan(const TensorArg& x) {
  return unary(
      "atan", x, [](const auto& loops) { return loops.atan; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * atan_derivative(r.input(0))); }));
}

Tensor detail::gaussian(const Tensor& x) {
  return unary(
      "gaussian", x, [](const auto& loops) { return loops.gaussian; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * (r.output() * (input_where_not_flat(r) * -2.0))); }));
}

Tensor detail::normal_density(const Tensor& x) {
  return unary(
      "normal_density", x, [](const auto& loops) { return loops.normal_density; },
      scalar_rule([](auto& r) { r.set(0, -r.grad_out() * (r.output() * input_where_not_flat(r))); }));
}

Tensor detail::normal_cdf(const Tensor& x) {
  return unary(
      "normal_cdf", x, [](const auto& loops) { return loops.normal_cdf; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * normal_density(r.input(0))); }));
}

Tensor erf(const TensorArg& x) {
  return unary(
      "erf", x, [](const auto& loops) { return loops.erf; },
      scalar_rule([](auto& r) { r.set(0, r.grad_out() * (gaussian(r.input(0)) * (2 * std::numbers::inv_sqrtpi))); }));
}

Tensor floor(const TensorArg& x) {
  return unary_any(
      "floor", x, [](const auto& loops) { return loops.floor; }, kSameInt, scalar_rule([](auto& r) { r.set(0, r.grad_out() * 0.0); }));
}

Tensor ceil(const TensorArg& x) {
  return unary_any(
      "ceil", x, [](const auto& loops) { return loops.ceil; }, kSameInt, scalar_rule([](auto& r) { r.set(0, r.grad_out() * 0.0); }));
}

Tensor round(const TensorArg& x) {
  return unary_any(
      "round", x, [](const auto& loops) { return loops.round; }, kSameInt, scalar_rule([](auto& r) { r.set(0, r.grad_out() * 0.0); }));
}

Tensor clamp(const TensorArg& x, NumberArg low, NumberArg high) {
  Node* node = defined_node("clamp", x.tensor(), x.line());
  if (std::isnan(low.value()) || std::isnan(high.value()))
    throw_invalid("clamp", text("the limits are ", low.value(), " and ", high.value(), ", expected limits that are not NaN"), x.line());
  if (node->dtype == DType::int64) {  // an infinite limit limits nothing
    if (low.value() == -std::numeric_limits<double>::infinity()) low = std::numeric_limits<Int>::min();
    if (high.value() == std::numeric_limits<double>::infinity()) high = std::numeric_limits<Int>::max();
    check_number("clamp", "low", low, node->dtype, x.line());
    check_number("clamp", "high", high, node->dtype, x.line());
  }
  const Tensor* inputs[] = {&x.tensor()};
  return make_result("clamp", x.line(), node->dtype, Sizes(node), inputs, any_dtype([low, high]<class T>(const OpValues<T>& v) {
                       const T* const from = v.in();
                       T* const to = v.out();
                       const T least = element_of<T>(low), most = element_of<T>(high);
                       kernels::parallel_pieces(v.out_numel(), kElementGrain, [&](std::int64_t begin, std::int64_t end) {
                         if constexpr (std::is_integral_v<T>) {
                           for (std::int64_t i = begin; i < end; ++i) to[i] = std::min(std::max(from[i], least), most);
                         } else {
                           kernels::elementwise<T>().clamp(from + begin, least, most, to + begin, end - begin);
                         }
                       });
                     }),
                     [low = low.value(), high = high.value()](RuleContext& r) {
                       const Tensor& from = r.input(0);
                       r.set(0, where(logical_and(ge(from, low), le(from, high)), r.grad_out(), 0.0));
                     });
}

namespace {

// Returns the common dtype of three operands.
DType common_dtype(const char* op, std::span<const Operand* const, 3> operands, const SourceLine& line) {
  DType dtype = DType::float32;
  bool found = false;
  for (const Operand* operand : operands) {
    if (operand->is_number()) continue;
    const DType own = defined_node(op, operand->tensor(), line)->dtype;
    if (found && own != dtype)
      throw_invalid(op, text("got both ", dtype, " and ", own, ", expected the same dtype: convert with to()"), line);
    dtype = own;
    found = true;
  }
  if (!found) throw_invalid(op, "got three numbers, expected at least one tensor", line);
  return dtype;
}

}  // namespace

Tensor where(const Operand& condition, const Operand& a, const Operand& b) {
  const SourceLine& line = condition.line();
  const Operand* operands[] = {&condition, &a, &b};
  const DType dtype = common_dtype("where", operands, line);
  Shape shapes[3];
  Tensor constants[3];
  const Tensor* inputs[3];
  for (int k = 0; k < 3; ++k) {
    inputs[k] = &as_tensor("where", *operands[k], dtype, line, constants[k]);
    shapes[k] = shape_of(*inputs[k]);
  }
  const Shape shape = broadcast_shapes("where", broadcast_shapes("where", shapes[0], shapes[1], line), shapes[2], line);
  // The condition has no gradient: only a and b decide whether the op is recorded.
  const bool record = records(std::span(inputs + 1, 2));
  return make_result("where", line, dtype, shape, inputs, any_dtype([]<class T>(const OpValues<T>& v) {
                       broadcast_runs<3>(v.out_shape(), {v.in_shape(0), v.in_shape(1), v.in_shape(2)},
                                         [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
                                           const T *c = v.in(0) + offsets[0], *p = v.in(1) + offsets[1], *q = v.in(2) + offsets[2];
                                           T* to = v.out() + begin;
                                           if constexpr (std::is_floating_point_v<T>) {
                                             kernels::elementwise<T>().where(c, steps[0], p, steps[1], q, steps[2], to, n);
                                           } else {
                                             for (std::int64_t i = 0; i < n; ++i)
                                               to[i] = c[i * steps[0]] != 0 ? p[i * steps[1]] : q[i * steps[2]];
                                           }
                                         });
                     }),
                     [](RuleContext& r) {
                       if (r.needs(1)) r.set(1, where(r.input(0), r.grad_out(), 0.0));
                       if (r.needs(2)) r.set(2, where(r.input(0), 0.0, r.grad_out()));
                     },
                     {.broadcasts = true, .recordable = record});
}

Tensor lerp(const Operand& a, const Operand& b, const Operand& weight) {
  // Checked here, because errors of the ops below would name other ops and shapes.
  const Operand* operands[] = {&a, &b, &weight};
  const DType dtype = common_dtype("lerp", operands, a.line());
  Shape shape;
  for (const Operand* operand : operands) {
    if (operand->is_number()) {
      check_number("lerp", "the number", operand->number(), dtype, a.line());
    } else {
      shape = broadcast_shapes("lerp", shape, shape_of(operand->tensor()), a.line());
    }
  }
  const CallerScope caller(a.line());
  if (a.is_number() && b.is_number()) {
    if (is_floating(dtype)) return a + weight * (b.number().value() - a.number().value());
    return a + weight * (full(Shape{}, b.number(), dtype) - a);
  }
  return a + weight * (b - a);
}

Tensor eq(const Operand& a, const Operand& b) {
  return comparison(
      "eq", a, b, [](const auto& loops) { return loops.eq; }, [](auto order) { return order == 0; });
}

Tensor ne(const Operand& a, const Operand& b) {
  return comparison(
      "ne", a, b, [](const auto& loops) { return loops.ne; }, [](auto order) { return order != 0; });
}

Tensor lt(const Operand& a, const Operand& b) {
  return comparison(
      "lt", a, b, [](const auto& loops) { return loops.lt; }, [](auto order) { return order < 0; });
}

Tensor le(const Operand& a, const Operand& b) {
  return comparison(
      "le", a, b, [](const auto& loops) { return loops.le; }, [](auto order) { return order <= 0; });
}

Tensor gt(const Operand& a, const Operand& b) {
  return comparison(
      "gt", a, b, [](const auto& loops) { return loops.gt; }, [](auto order) { return order > 0; });
}

Tensor ge(const Operand& a, const Operand& b) {
  return comparison(
      "ge", a, b, [](const auto& loops) { return loops.ge; }, [](auto order) { return order >= 0; });
}

Tensor logical_and(const Operand& a, const Operand& b) {
  return binary_any(
      "logical_and", a, b, [](const auto& loops) { return loops.logical_and; }, [](Int x, Int y) { return Int{x != 0 && y != 0}; },
      kNoRule);
}

Tensor logical_or(const Operand& a, const Operand& b) {
  return binary_any(
      "logical_or", a, b, [](const auto& loops) { return loops.logical_or; }, [](Int x, Int y) { return Int{x != 0 || y != 0}; }, kNoRule);
}

Tensor logical_not(const TensorArg& x) {
  return unary_any(
      "logical_not", x, [](const auto& loops) { return loops.logical_not; }, [](Int v) { return Int{v == 0}; }, kNoRule);
}

Tensor isnan(const TensorArg& x) {
  return unary_any(
      "isnan", x, [](const auto& loops) { return loops.isnan; }, [](Int) { return Int{0}; }, kNoRule);
}

Tensor isinf(const TensorArg& x) {
  return unary_any(
      "isinf", x, [](const auto& loops) { return loops.isinf; }, [](Int) { return Int{0}; }, kNoRule);
}

Tensor isfinite(const TensorArg& x) {
  return unary_any(
      "isfinite", x, [](const auto& loops) { return loops.isfinite; }, [](Int) { return Int{1}; }, kNoRule);
}

Tensor Tensor::exp(SourceLine line) const { return chainrule::exp(TensorArg(*this, line)); }
Tensor Tensor::log(SourceLine line) const { return chainrule::log(TensorArg(*this, line)); }
Tensor Tensor::sqrt(SourceLine line) const { return chainrule::sqrt(TensorArg(*this, line)); }
Tensor Tensor::abs(SourceLine line) const { return chainrule::abs(TensorArg(*this, line)); }
Tensor Tensor::pow(const Operand& exponent) const { return chainrule::pow(Operand(*this, exponent.line()), exponent); }

}  // namespace chainrule
