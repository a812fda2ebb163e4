// Points at which mpmath has computed a function and its first two derivatives (tests/reference/smooth.py), and the check against them.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/autograd.h"

namespace chainrule::test {

/// What is allowed, in ULP of value, first and second derivative; if it is more than usual, why.
struct SmoothBounds {
  double value = 4, first = 16, second = 16;
  double smallest = 4;  // the smallest result that is compared, in smallest normal numbers of the dtype
  const char* reason = "";
};

struct SmoothPoint {
  double x;
  std::array<double, 3> results;  // value, first and second derivative; NaN for those that are not compared
};

/// Returns the points of each function in a file that tests/reference/smooth.py has written.
inline std::map<std::string, std::vector<SmoothPoint>> read_points(const std::string& path) {
  using nlohmann::json;
  std::map<std::string, std::vector<SmoothPoint>> read;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);  // what made it
  while (std::getline(file, line)) {
    const json one = json::parse(line);
    std::vector<SmoothPoint>& points = read[one["op"]];
    for (const json& point : one["points"]) {
      points.push_back({point[0], {}});
      for (std::size_t k = 0; k < 3; ++k)
        points.back().results[k] = point[k + 1].is_null() ? std::numeric_limits<double>::quiet_NaN() : point[k + 1].get<double>();
    }
  }
  return read;
}

/// |got - want| in units in the last place of T at want.
template <class T>
double ulp_distance(double got, double want) {
  int exponent = 0;
  std::frexp(want, &exponent);
  return std::abs(got - want) / std::ldexp(1.0, exponent - std::numeric_limits<T>::digits);
}

/// Checks an elementwise function at the points, in the dtype of T.
template <class T, class F>
void check_points(const std::string& name, const F& op, const std::vector<SmoothPoint>& points, const SmoothBounds& bounds) {
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
