// Rows of autograd/ops/elementwise.h.
#include <limits>

#include "tests/autograd/op_table.h"

namespace chainrule::test {

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
}  // namespace

void add_elementwise_rows(Table& t) {
  t.binary_any("add", add)
      .gives({f64({{1, 2}, {3, 4}}), f64({10, 20})}, f64({{11, 22}, {13, 24}}))
      .gives({i64({1, 2}), i64(3)}, i64({4, 5}))
      .fails("add: the number 0.5 beside an int64 tensor is not an integer", [] { return add(i64({1}), 0.5); });
  t.unary("abs", abs, {.avoid = {0}})
      .gives({f64({-1.5, 0, 2, -kInf, kNan})}, f64({1.5, 0, 2, kInf, kNan}))
      .kink({f64({-1, -0.0, 0, 1})}, f64({1, 0, 0, 1}), {f64({-1, 0, 0, 1})});
  t.unary("sqrt", sqrt, {.low = 0.2, .high = 4})
      .gives({f64({0, 1, 4, 2, -1})}, f64({0, 1, 2, 1.4142135623730951, kNan}))
      .kink({f64({0, 4})}, f64({0, 2}), {f64({kInf, 0.25})});
}

}  // namespace chainrule::test
