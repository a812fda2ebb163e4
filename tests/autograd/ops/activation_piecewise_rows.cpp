// Rows of the activations made of straight pieces, and of those with two operands (autograd/ops/activation_piecewise.cpp,
// activation_gated.cpp).
// Covers autograd/ops/activation_gated.cpp.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void add_gated(Table& t) {
  const auto along = [](int axis) { return [=](const Tensor& x) { return glu(x, axis); }; };
  t.row("glu", along(-1))
      .on({{4}})
      .on({{1, 2}})
      .on({{3, 4}})
      .on({{2, 3, 4}})
      .on({{0, 4}})
      .on({{3, 0}})
      .on({{4, 3}}, along(0))
      .on({{2, 4, 3}}, along(1))
      .on({{2, 6, 1}}, along(-2))
      .on({in({4}, {.low = -1e4, .high = 1e4})})
      .smooth_at({f64({1, 2, -3, 0.5, 0, 40, -40, 1})}, f64({0.5, 2, -1.2745062765874767e-17, 0.36552928931500245}),
                 {f64({0.5, 1, 4.248354255291589e-18, 0.7310585786300049, 0.25, 8.496708510583178e-18, -1.2745062765874767e-17,
                       0.09830596662074093})},
                 {f64({0.25, 4.248354255291589e-18, 4.248354255291589e-18, 0.19661193324148185, 0.25, -4.248354255291589e-18,
                       -8.496708510583178e-18, 0.15118305940500765})})
      .smooth_at({f64({2, 3, 1e3, -1e3})}, f64({2, 0}), {f64({1, 0, 0, 0})}, {f64({0, 0, 0, 0})})
      .gives({f64({1, 2, 0, -1e4})}, f64({0.5, 0}))
      .gives({f64({{3, 4}, {0, 1}})}, f64({{1.5, 2.9242343145200196}}), along(0))
      .fails("glu: undefined tensor", [] { return glu(Tensor()); })
      .fails("glu: got int64, expected float32 or float64: convert with to()",
             [] {
               return glu(i64({1, 2}));
             })
      .fails("glu: axis -1 is out of range for a tensor of shape []", [] { return glu(zeros({})); })
      .fails("glu: axis 1 of shape [2, 3] has size 3, expected an even size", [] {
        return glu(zeros({2, 3}));
      });

  const Domain bent{.low = -2, .high = 2, .avoid = {0}};
  t.row("prelu", prelu, bent)
      .on({{5}, {1}})
      .on({Shape{}, {1}})
      .on({{3}, Shape{}})
      .on({{3, 4}, {1}})
      .on({{3, 4}, {4}})
      .on({{2, 3, 4}, {3}})
      .on({{2, 3, 1, 2}, {3}})
      .on({{1, 1}, {1}})
      .on({{0, 3}, {3}})
      .on({{2, 0}, {1}})
      .on({in({4}, {.low = -1e4, .high = 1e4}), {1}})
      // At 0, the slope and its derivatives are those of the negative side.
      .kink({f64({0, -1, 2}), f64({0.25})}, f64({0, -0.25, 2}), {f64({0.25, 0.25, 1}), f64({-1})}, {f64({1, 1, 0}), f64({2})})
      .gives({f64({{-2, 1}, {-4, -3}}), f64({0.5, 10})}, f64({{-1, 1}, {-2, -30}}))
      .gives({f64({-2, 3}), f64({-1})}, f64({2, 3}))
      .fails("prelu: undefined tensor", [] { return prelu(Tensor(), zeros({1})); })
      .fails("prelu: undefined tensor", [] { return prelu(zeros({1}), Tensor()); })
      .fails("prelu: got int64, expected float32 or float64: convert with to()", [] { return prelu(i64({1}), zeros({1})); })
      .fails("prelu: lhs is float32 and rhs is float64, expected the same dtype: convert one with to()",
             [] { return prelu(zeros({2}), f64({1})); })
      .fails("prelu: the weight has shape [2], expected [1] or [3] for x of shape [4, 3]",
             [] {
               return prelu(zeros({4, 3}), zeros({2}));
             })
      .fails("prelu: the weight has shape [3], expected [1] for x of shape [3]", [] { return prelu(zeros({3}), zeros({3})); })
      .fails("prelu: the weight has shape [1, 1], expected [1] or [3] for x of shape [4, 3]", [] {
        return prelu(zeros({4, 3}), zeros({1, 1}));
      });
}

}  // namespace

void add_activation_piecewise_rows(Table& t) {
  t.unary(
       "leaky_relu", [](const TensorArg& x) { return leaky_relu(x); }, [](double x) { return x > 0 ? x : 0.01 * x; }, {.avoid = {0}})
      .on({in({2, 3}, {.avoid = {0}})}, [](const Tensor& x) { return leaky_relu(x, -0.3); })
      .kink({f64({-1, 0, 1})}, f64({-0.01, 0, 1}), {f64({0.01, 0.01, 1})}, {f64({0, 0, 0})})
      .gives({f64({-2, 0, 3, -kInf, kInf, kNan})}, f64({-0.02, 0, 3, -kInf, kInf, kNan}))
      .gives({f64({-2, 3})}, f64({-1, 3}), [](const Tensor& x) { return leaky_relu(x, 0.5); });
  t.unary("relu6", relu6, [](double x) { return std::min(std::max(x, 0.0), 6.0); }, {.low = -4, .high = 10, .avoid = {0, 6}})
      .kink({f64({-1, 0, 3, 6, 7, kNan})}, f64({0, 0, 3, 6, 6, kNan}), {f64({0, 0, 1, 0, 0, 0})}, {f64({0, 0, 0, 0, 0, 0})})
      .gives({f64({-2, 0, 3, 7, -kInf, kInf, kNan})}, f64({0, 0, 3, 6, 0, 6, kNan}));
  t.unary(
       "hardtanh", [](const TensorArg& x) { return hardtanh(x); }, [](double x) { return std::min(std::max(x, -1.0), 1.0); },
       {.low = -3, .high = 3, .avoid = {-1, 1}})
      .on({in({2, 3}, {.low = -3, .high = 3, .avoid = {-2, 0.5}})}, [](const Tensor& x) { return hardtanh(x, -2, 0.5); })
      .kink({f64({-2, -1, 0, 1, 2, kNan})}, f64({-1, -1, 0, 1, 1, kNan}), {f64({0, 0, 1, 0, 0, 0})}, {f64({0, 0, 0, 0, 0, 0})})
      .gives({f64({-2, 0.5, 3, -kInf, kInf, kNan})}, f64({-1, 0.5, 1, -1, 1, kNan}))
      .gives({f64({-2, 0.25, 3})}, f64({0, 0.25, 2}), [](const Tensor& x) { return hardtanh(x, 0, 2); })
      .fails("hardtanh: the limits are 2 and 1, expected low <= high", [] { return hardtanh(zeros({2}), 2, 1); })
      .fails("hardtanh: the limits are nan and 1, expected low <= high", [] { return hardtanh(zeros({2}), kNan); });
  t.unary("hardsigmoid", hardsigmoid, [](double x) { return std::min(std::max(x / 6 + 0.5, 0.0), 1.0); },
          {.low = -5, .high = 5, .avoid = {-3, 3}})
      .kink({f64({-4, -3, 0, 3, 4, kNan})}, f64({0, 0, 0.5, 1, 1, kNan}), {f64({0, 0, 0.16666666666666666, 0, 0, 0})},
            {f64({0, 0, 0, 0, 0, 0})})
      .gives({f64({-4, -3, -1, 0, 3, 4, -kInf, kInf, kNan})}, f64({0, 0, 1. / 3, 0.5, 1, 1, 0, 1, kNan}));
  t.unary("hardswish", hardswish, [](double x) { return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0); },
          {.low = -5, .high = 5, .avoid = {-3, 3}})
      .on({in({3}, {.low = 900, .high = 1e4})})
      .on({in({3}, {.low = -1e4, .high = -900})})
      .kink({f64({-4, -3, 0, 3, 4, kNan})}, f64({0, 0, 0, 3, 4, kNan}), {f64({0, 0, 0.5, 1, 1, kNan})},
            {f64({0, 0, 0.3333333333333333, 0, 0, 0.3333333333333333})})
      .kink({f64({kInf, -kInf})}, f64({kInf, 0}), {f64({1, 0})}, {f64({0, 0})})
      .gives({f64({-4, -3, -1, 0, 3, 4, kInf, kNan})}, f64({0, 0, -1. / 3, 0, 3, 4, kInf, kNan}));
  add_gated(t);
}

}  // namespace chainrule::test
