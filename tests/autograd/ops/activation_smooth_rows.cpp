// Rows of the activations made of exponentials (autograd/ops/activation_smooth.cpp).
// Covers autograd/ops/activation_loops.h.
#include <cmath>
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = 3.141592653589793;

// An elementwise row with cases far from 0, where a careless rule gives inf·0, and for more elements than one block of a loop has.
Row& smooth_row(Table& t, const char* name, const Table::Unary& f, const Table::Plain& plain, const Domain& domain = {.low = -4, .high = 4},
                SourceLine line = SourceLine::current()) {
  return t.unary(name, f, plain, domain, line)
      .on({in({3}, {.low = 900, .high = 1e4})})
      .on({in({3}, {.low = -1e4, .high = -900})})
      .on({in({3}, {.low = 1e7, .high = 1e8})})
      .on({in({3}, {.low = -1e8, .high = -1e7})})
      .gives({f64(kNan)}, f64(kNan));
}

}  // namespace

void add_activation_smooth_rows(Table& t) {
  const Tensor points = f64({-3, -1, 0, 0.5, 2});
  const Domain bent{.low = -4, .high = 4, .avoid = {0}};

  smooth_row(
      t, "elu", [](const TensorArg& a) { return elu(a); }, [](double x) { return x > 0 ? x : std::expm1(x); }, bent)
      .on({in({2, 3}, bent)}, [](const Tensor& a) { return elu(a, 0.7); })
      .gives({points}, f64({-0.950212931632136, -0.6321205588285577, 0, 0.5, 2}))
      .gives({points}, f64({-1.900425863264272, -1.2642411176571153, 0, 0.5, 2}), [](const Tensor& a) { return elu(a, 2); })
      .gives({f64({-1e4, 1e4, -kInf, kInf})}, f64({-1, 1e4, -1, kInf}))
      .kink({f64({-1e4, -0.0, 0, 1e4})}, f64({-1, 0, 0, 1e4}), {f64({0, 1, 1, 1})})
      .kink({f64({0, 1})}, f64({0, 1}), {f64({2, 1})}, [](const Tensor& a) { return elu(a, 2); });
  smooth_row(
      t, "selu", selu, [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); }, bent)
      .gives({points}, f64({-1.6705687287671118, -1.1113307378125625, 0, 0.5253504936777402, 2.101401974710961}))
      .kink({f64({0, 1})}, f64({0, 1.0507009873554805}), {f64({1.7580993408473766, 1.0507009873554805})});
  smooth_row(
      t, "celu", [](const TensorArg& a) { return celu(a); }, [](double x) { return x > 0 ? x : std::expm1(x); }, bent)
      .on({in({2, 3}, bent)}, [](const Tensor& a) { return celu(a, 2.5); })
      .gives({points}, f64({-0.950212931632136, -0.6321205588285577, 0, 0.5, 2}))
      .gives({points}, f64({-1.5537396797031404, -0.7869386805747332, 0, 0.5, 2}), [](const Tensor& a) { return celu(a, 2); })
      .kink({f64({0, 1})}, f64({0, 1}), {f64({1, 1})}, [](const Tensor& a) { return celu(a, 2); })
      .fails("celu: alpha is 0, expected a number other than 0", [] { return celu(zeros({2}), 0); })
      .fails("celu: alpha is nan, expected a number other than 0", [] { return celu(zeros({2}), kNan); });
  smooth_row(t, "gelu", gelu, [](double x) { return x / 2 * (1 + std::erf(x * std::sqrt(0.5))); })
      .gives({points}, f64({-0.00404969409489031, -0.15865525393145707, 0, 0.34573123063700656, 1.9544997361036416}))
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})})
      .kink({f64({-1e30, -1e4, 0, 1e4, 1e30})}, f64({0, 0, 0, 1e4, 1e30}), {f64({0, 0, 0.5, 1, 1})});
  smooth_row(t, "gelu_tanh", gelu_tanh, [](double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / kPi) * (x + 0.044715 * x * x * x))); })
      .gives({points}, f64({-0.0036373920817729943, -0.15880800939172324, 0, 0.34571400982514394, 1.954597694087775}))
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})})
      .kink({f64({-1e30, -1e4, 0, 1e4, 1e30})}, f64({0, 0, 0, 1e4, 1e30}), {f64({0, 0, 0.5, 1, 1})});
  smooth_row(t, "silu", silu, [](double x) { return x / (1 + std::exp(-x)); })
      .gives({points}, f64({-0.14227761953270035, -0.2689414213699951, 0, 0.3112296656009273, 1.7615941559557646}))
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})})
      .kink({f64({-1e30, -1e4, 0, 1e4, 1e30})}, f64({0, 0, 0, 1e4, 1e30}), {f64({0, 0, 0.5, 1, 1})});
  smooth_row(t, "mish", mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); })
      .gives({points}, f64({-0.1456474612756246, -0.30340146137410895, 0, 0.3752452113048951, 1.9439589595339946}))
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})})
      .kink({f64({-1e30, -1e4, 0, 1e4, 1e30})}, f64({0, 0, 0, 1e4, 1e30}), {f64({0, 0, 0.6, 1, 1})});
  smooth_row(
      t, "softplus", [](const TensorArg& a) { return softplus(a); }, [](double x) { return std::log1p(std::exp(x)); })
      .on({in({2, 3}, {.low = -4, .high = 2})}, [](const Tensor& a) { return softplus(a, 2, 5); })
      .gives({points}, f64({0.04858735157374206, 0.31326168751822286, 0.6931471805599453, 0.9740769841801067, 2.1269280110429727}))
      .gives({points}, f64({0.0012378425688652247, 0.06346400552148625, 0.34657359027997264, 0.6566308437591114, 2}),
             [](const Tensor& a) { return softplus(a, 2, 3); })
      .kink({f64({-1e4, 20, 20.5, 1e4})}, f64({0, 20.000000002061153, 20.5, 1e4}), {f64({0, 0.9999999979388463, 1, 1})})
      .kink({f64({-1, 1.5, 2})}, f64({0.06346400552148625, 1.524293675786871, 2}), {f64({0.11920292202211755, 0.9525741268224334, 1})},
            [](const Tensor& a) { return softplus(a, 2, 3); })
      .fails("softplus: beta is 0, expected a number other than 0", [] { return softplus(zeros({2}), 0); })
      .fails("softplus: beta is nan, expected a number other than 0", [] { return softplus(zeros({2}), kNan); });
  smooth_row(
      t, "softsign", softsign, [](double x) { return x / (1 + std::abs(x)); }, bent)
      .gives({points}, f64({-0.75, -0.5, 0, 1. / 3, 2. / 3}))
      .kink({f64({-1e30, 0, 3, 1e30})}, f64({-1, 0, 0.75, 1}), {f64({0, 1, 0.0625, 0})});
  smooth_row(t, "log_sigmoid", log_sigmoid, [](double x) { return -std::log1p(std::exp(-x)); })
      .gives({points}, f64({-3.048587351573742, -1.3132616875182228, -0.6931471805599453, -0.4740769841801067, -0.1269280110429725}))
      .kink({f64({-1e4, 0, 1e4})}, f64({-1e4, -0.6931471805599453, 0}), {f64({1, 0.5, 0})});
}

}  // namespace chainrule::test
