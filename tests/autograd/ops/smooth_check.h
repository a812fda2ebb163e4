// Compares a smooth elementwise op and its first two derivatives with exact results, in units in the last place. smooth_test.cpp has these
// from mpmath, smooth_sweep_test.cpp from closed forms.
#pragma once

#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/autograd/ops/op_table.h"
#include "tests/autograd/ops/smooth_points.h"

namespace chainrule::test {

/// The elementwise ops for which more is allowed.
inline const std::map<std::string, SmoothBounds>& smooth_exceptions() {
  static const std::map<std::string, SmoothBounds> all = {
      {"gelu", {.smallest = 256, .reason = "the density is subnormal before its product with x² is"}},
      {"gelu_tanh",
       {256, 256, 256, 2048,
        "an exponential of a polynomial, whose rounding error it multiplies by up to 220; it is subnormal before its product with others "
        "is"}},
      {"mish", {16, 16, 48, 4, "an exponential of softplus, whose rounding error it multiplies by 2·softplus"}}};
  return all;
}

/// Checks the op with this elementwise row at points that T represents.
template <class T>
void check_smooth(const std::string& name, const std::vector<SmoothPoint>& points) {
  // Without a threshold beyond which softplus is x.
  Table::Unary op = [](const TensorArg& x) { return softplus(x, 1, std::numeric_limits<double>::infinity()); };
  if (name != "softplus") {
    op = nullptr;
    for (const Table::UnaryOp& row : op_table().unary_ops())
      if (row.name == name) op = row.op;
    BOOST_TEST_REQUIRE(bool(op), name << " has no elementwise row");
  }
  const auto held = smooth_exceptions().find(name);
  const SmoothBounds bounds = held == smooth_exceptions().end() ? SmoothBounds() : held->second;
  check_points<T>(name, op, points, bounds);
}

}  // namespace chainrule::test
