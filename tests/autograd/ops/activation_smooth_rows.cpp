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
      .smooth_at({f64({1, -1, -40})}, f64({1, -0.6321205588285577, -1}), {f64({1, 0.36787944117144233, 4.248354255291589e-18})},
                 {f64({0, 0.36787944117144233, 4.248354255291589e-18})})
      .smooth_at({f64({1e3, -1e3})}, f64({1e3, -1}), {f64({1, 0})}, {f64({0, 0})})
      // At 0, derivatives are those of the negative side.
      .kink({f64({-0.0, 0, kInf, -kInf})}, f64({0, 0, kInf, -1}), {f64({1, 1, 1, 0})}, {f64({1, 1, 0, 0})})
      .kink({f64({0, 1})}, f64({0, 1}), {f64({2, 1})}, {f64({2, 0})}, [](const Tensor& a) { return elu(a, 2); })
      .gives({points}, f64({-0.950212931632136, -0.6321205588285577, 0, 0.5, 2}))
      .gives({points}, f64({-1.900425863264272, -1.2642411176571153, 0, 0.5, 2}), [](const Tensor& a) { return elu(a, 2); })
      .gives({f64({-1e4, 1e4, -kInf, kInf})}, f64({-1, 1e4, -1, kInf}));
  smooth_row(
      t, "selu", selu, [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x)); }, bent)
      .smooth_at({f64({1, -1, -40})}, f64({1.0507009873554805, -1.1113307378125628, -1.7580993408473768}),
                 {f64({1.0507009873554805, 0.6467686030348141, 7.469028815914292e-18})},
                 {f64({0, 0.6467686030348141, 7.469028815914292e-18})})
      .kink({f64({0, kInf, -kInf})}, f64({0, kInf, -1.7580993408473768}), {f64({1.7580993408473768, 1.0507009873554805, 0})},
            {f64({1.7580993408473768, 0, 0})})
      .gives({points}, f64({-1.6705687287671118, -1.1113307378125625, 0, 0.5253504936777402, 2.101401974710961}));
  smooth_row(
      t, "celu", [](const TensorArg& a) { return celu(a); }, [](double x) { return x > 0 ? x : std::expm1(x); }, bent)
      .on({in({2, 3}, bent)}, [](const Tensor& a) { return celu(a, 2.5); })
      .smooth_at({f64({1, -1, -40})}, f64({1, -0.7869386805747332, -1.9999999958776928}),
                 {f64({1, 0.6065306597126334, 2.061153622438558e-9})}, {f64({0, 0.3032653298563167, 1.030576811219279e-9})},
                 [](const Tensor& a) { return celu(a, 2); })
      .kink({f64({0, kInf, -kInf})}, f64({0, kInf, -2}), {f64({1, 1, 0})}, {f64({0.5, 0, 0})}, [](const Tensor& a) { return celu(a, 2); })
      .gives({points}, f64({-0.950212931632136, -0.6321205588285577, 0, 0.5, 2}))
      .gives({points}, f64({-1.5537396797031404, -0.7869386805747332, 0, 0.5, 2}), [](const Tensor& a) { return celu(a, 2); })
      .fails("celu: alpha is 0, expected a number other than 0", [] { return celu(zeros({2}), 0); })
      .fails("celu: alpha is nan, expected a number other than 0", [] { return celu(zeros({2}), kNan); });
  smooth_row(t, "gelu", gelu, [](double x) { return x / 2 * (1 + std::erf(x * std::sqrt(0.5))); })
      .smooth_at({f64({0, 1, -1, -8})}, f64({0, 0.8413447460685429, -0.15865525393145705, -4.976768459417427e-15}),
                 {f64({0.5, 1.0833154705876864, -0.0833154705876863, -3.979607261086796e-14})},
                 {f64({0.7978845608028654, 0.24197072451914334, 0.24197072451914334, -3.1324080717928733e-13})})
      .smooth_at({f64({1e3, -1e3, 1e30, -1e30})}, f64({1e3, 0, 1e30, 0}), {f64({1, 0, 1, 0})}, {f64({0, 0, 0, 0})})
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})}, {f64({0, 0})})
      .gives({points}, f64({-0.00404969409489031, -0.15865525393145707, 0, 0.34573123063700656, 1.9544997361036416}));
  smooth_row(t, "gelu_tanh", gelu_tanh, [](double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / kPi) * (x + 0.044715 * x * x * x))); })
      .smooth_at({f64({0, 1, -1, 4})}, f64({0, 0.8411919906082767, -0.1588080093917233, 3.9999297540518075}),
                 {f64({0.5, 1.0829640838457826, -0.08296408384578255, 1.0003351231971227})},
                 {f64({0.7978845608028654, 0.24214819798377296, 0.24214819798377296, -0.0014740596637653368})})
      .smooth_at({f64({1e3, -1e3, 1e30, -1e30})}, f64({1e3, 0, 1e30, 0}), {f64({1, 0, 1, 0})}, {f64({0, 0, 0, 0})})
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})}, {f64({0, 0})})
      .gives({points}, f64({-0.0036373920817729943, -0.15880800939172324, 0, 0.34571400982514394, 1.954597694087775}));
  smooth_row(t, "silu", silu, [](double x) { return x / (1 + std::exp(-x)); })
      .smooth_at({f64({0, 1, -1, -8})}, f64({0, 0.7310585786300049, -0.2689414213699951, -0.002682801043731825}),
                 {f64({0.5, 0.9276705118714867, 0.07232948812851327, -0.0023465512355853157})},
                 {f64({0.5, 0.3023661188100153, 0.3023661188100153, -0.002009627272592838})})
      .smooth_at({f64({1e3, 1e30, -1e30})}, f64({1e3, 1e30, 0}), {f64({1, 1, 0})}, {f64({0, 0, 0})})
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})}, {f64({0, 0})})
      .gives({points}, f64({-0.14227761953270035, -0.2689414213699951, 0, 0.3112296656009273, 1.7615941559557646}));
  smooth_row(t, "mish", mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); })
      .smooth_at({f64({0, 1, -1, -8})}, f64({0, 0.8650983882673103, -0.3034014613741089, -0.0026832508825465375}),
                 {f64({0.6, 1.0490362200997922, 0.05921675587739495, -0.0023473943816052943})},
                 {f64({0.64, 0.18468576447332827, 0.349705673670645, -0.0020112002753487246})})
      .smooth_at({f64({1e3, 1e30, -1e30})}, f64({1e3, 1e30, 0}), {f64({1, 1, 0})}, {f64({0, 0, 0})})
      .kink({f64({-kInf, kInf})}, f64({0, kInf}), {f64({0, 1})}, {f64({0, 0})})
      .gives({points}, f64({-0.1456474612756246, -0.30340146137410895, 0, 0.3752452113048951, 1.9439589595339946}));
  smooth_row(
      t, "softplus", [](const TensorArg& a) { return softplus(a); }, [](double x) { return std::log1p(std::exp(x)); })
      .on({in({2, 3}, {.low = -4, .high = 2})}, [](const Tensor& a) { return softplus(a, 2, 5); })
      .smooth_at({f64({0, 1, -40})}, f64({0.6931471805599453, 1.3132616875182228, 4.248354255291589e-18}),
                 {f64({0.5, 0.7310585786300049, 4.248354255291589e-18})}, {f64({0.25, 0.19661193324148185, 4.248354255291589e-18})})
      .smooth_at({f64({-1e3, 1e3})}, f64({0, 1e3}), {f64({0, 1})}, {f64({0, 0})})
      // Beyond the threshold it is x.
      .kink({f64({20, 20.5, kInf, -kInf})}, f64({20.000000002061153, 20.5, kInf, 0}), {f64({0.9999999979388464, 1, 1, 0})},
            {f64({2.061153613941849e-9, 0, 0, 0})})
      .kink({f64({1.5, 2})}, f64({1.524293675786871, 2}), {f64({0.9525741268224333, 1})}, {f64({0.09035331946182426, 0})},
            [](const Tensor& a) { return softplus(a, 2, 3); })
      .smooth_at({f64({-1, 1})}, f64({0.06346400552148625, 1.0634640055214863}), {f64({0.11920292202211756, 0.8807970779778824})},
                 {f64({0.20998717080701304, 0.20998717080701304})}, [](const Tensor& a) { return softplus(a, 2, 3); })
      .gives({points}, f64({0.04858735157374206, 0.31326168751822286, 0.6931471805599453, 0.9740769841801067, 2.1269280110429727}))
      .gives({points}, f64({0.0012378425688652247, 0.06346400552148625, 0.34657359027997264, 0.6566308437591114, 2}),
             [](const Tensor& a) { return softplus(a, 2, 3); })
      .fails("softplus: beta is 0, expected a number other than 0", [] { return softplus(zeros({2}), 0); })
      .fails("softplus: beta is nan, expected a number other than 0", [] { return softplus(zeros({2}), kNan); });
  smooth_row(
      t, "softsign", softsign, [](double x) { return x / (1 + std::abs(x)); }, bent)
      .smooth_at({f64({3, -0.5, 1e3})}, f64({0.75, -0.3333333333333333, 0.999000999000999}),
                 {f64({0.0625, 0.4444444444444444, 9.98002996004994e-7})}, {f64({-0.03125, 0.5925925925925926, -1.994011980029958e-9})})
      .smooth_at({f64({1e10, -1e10})}, f64({0.9999999999, -0.9999999999}), {f64({9.999999998e-21, 9.999999998e-21})},
                 {f64({-1.9999999994e-30, 1.9999999994e-30})})
      // The second derivative at 0 is the mean of -2 and 2.
      .kink({f64({0, -0.0})}, f64({0, 0}), {f64({1, 1})}, {f64({0, 0})})
      .kink({f64({kInf, -kInf})}, f64({1, -1}), {f64({0, 0})}, {f64({0, 0})})
      .gives({points}, f64({-0.75, -0.5, 0, 1. / 3, 2. / 3}));
  smooth_row(t, "log_sigmoid", log_sigmoid, [](double x) { return -std::log1p(std::exp(-x)); })
      .smooth_at({f64({0, 1, 40, -40})}, f64({-0.6931471805599453, -0.3132616875182228, -4.248354255291589e-18, -40}),
                 {f64({0.5, 0.2689414213699951, 4.248354255291589e-18, 1})},
                 {f64({-0.25, -0.19661193324148185, -4.248354255291589e-18, -4.248354255291589e-18})})
      .smooth_at({f64({1e3, -1e3})}, f64({0, -1e3}), {f64({0, 1})}, {f64({0, 0})})
      .kink({f64({kInf, -kInf})}, f64({0, -kInf}), {f64({0, 1})}, {f64({0, 0})})
      .gives({points}, f64({-3.048587351573742, -1.3132616875182228, -0.6931471805599453, -0.4740769841801067, -0.1269280110429725}));
}

}  // namespace chainrule::test
