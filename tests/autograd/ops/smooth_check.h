// Compares a smooth elementwise op and its first two derivatives with exact results, in units in the last place. smooth_test.cpp has these
// from mpmath, smooth_sweep_test.cpp from closed forms.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <iomanip>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {

/// What is allowed, in ULP of value, first and second derivative; if it is more than usual, why.
struct SmoothBounds {
  double value = 4, first = 16, second = 16;
  double smallest = 4;  // the smallest result that is compared, in smallest normal numbers of the dtype
  const char* reason = "";
};
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

struct SmoothPoint {
  double x;
  std::array<double, 3> results;  // value, first and second derivative; NaN for those that are not compared
};

/// |got - want| in units in the last place of T at want.
template <class T>
double ulp_distance(double got, double want) {
  int exponent = 0;
  std::frexp(want, &exponent);
  return std::abs(got - want) / std::ldexp(1.0, exponent - std::numeric_limits<T>::digits);
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
  std::vector<double> at;
  for (const SmoothPoint& point : points) at.push_back(point.x);
  const DType dtype = std::is_same_v<T, float> ? DType::float32 : DType::float64;
  Tensor x = from_vector(at, {static_cast<std::int64_t>(at.size())}).to(dtype).set_requires_grad(true);
  const Tensor y = op(x), first = grad(sum(y), {x}, {.create_graph = true})[0];
  const Tensor second = first.requires_grad() ? grad(sum(first), {x})[0] : zeros_like(x);
  const std::vector<double> got[] = {y.to_vector<double>(), first.to_vector<double>(), second.to_vector<double>()};
  const double allowed[] = {bounds.value, bounds.first, bounds.second};
  const char* const what[] = {"value", "first derivative", "second derivative"};
  for (std::size_t k = 0; k < 3; ++k) {
    double worst = 0, worst_at = 0, worst_got = 0, worst_want = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      const double want = points[i].results[k];
      // Not compared: roots, and what the dtype does not hold with all its digits.
      if (std::isnan(want) || std::abs(want) > std::numeric_limits<T>::max() ||
          std::abs(want) < bounds.smallest * double{std::numeric_limits<T>::min()})
        continue;
      const double ulp = ulp_distance<T>(got[k][i], want);
      if (ulp <= worst) continue;  // NaN is the worst
      worst = ulp, worst_at = at[i], worst_got = got[k][i], worst_want = want;
      if (std::isnan(ulp)) break;
    }
    std::ostringstream text;
    text << std::setprecision(9) << name << ' ' << dtype << ' ' << what[k] << ": " << worst << " ULP at " << worst_at << ": " << worst_got
         << ", expected " << worst_want;
    BOOST_TEST_MESSAGE(text.str());
    BOOST_TEST(worst <= allowed[k], text.str());
  }
}

}  // namespace chainrule::test
