// Smooth functions of one number and their first two derivatives against numbers from mpmath, in units in the last place: near 0, at common
// arguments, and far out, where the results are small but not 0.
// Covers autograd/ops.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <iomanip>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/autograd/ops/op_table.h"

namespace chainrule::test {
namespace {

using nlohmann::json;

constexpr double kValueBound = 4, kDerivativeBound = 16;

// What is allowed beyond the bounds, in ULP of value, first and second derivative, and why.
struct Exception {
  double value, first, second;
  const char* reason;
};
const std::map<std::string, Exception>& exceptions() {
  static const std::map<std::string, Exception> all = {
      {"gelu_tanh", {128, 128, 128, "an exponential of a polynomial, whose rounding error it multiplies by up to 140"}},
      {"mish", {16, 16, 48, "an exponential of softplus, whose rounding error it multiplies by 2·softplus"}}};
  return all;
}

struct Point {
  double x;
  std::vector<double> results;  // value, first and second derivative; NaN for those that are not compared
};

const std::map<std::string, std::vector<Point>>& functions() {
  static const std::map<std::string, std::vector<Point>> all = [] {
    std::map<std::string, std::vector<Point>> read;
    std::ifstream file(std::string(REFERENCE_DIR) + "/smooth.jsonl");
    std::string line;
    std::getline(file, line);  // what made it
    while (std::getline(file, line)) {
      const json one = json::parse(line);
      std::vector<Point>& points = read[one["op"]];
      for (const json& point : one["points"]) {
        points.push_back({point[0], {}});
        for (std::size_t k = 1; k <= 3; ++k)
          points.back().results.push_back(point[k].is_null() ? std::numeric_limits<double>::quiet_NaN() : point[k].get<double>());
      }
    }
    return read;
  }();
  return all;
}

// |got - want| in units in the last place of T at want.
template <class T>
double ulp_distance(double got, double want) {
  int exponent = 0;
  std::frexp(want, &exponent);
  return std::abs(got - want) / std::ldexp(1.0, exponent - std::numeric_limits<T>::digits);
}

template <class T>
void check(const std::string& name, const Table::Unary& op, const std::vector<Point>& points) {
  const auto held = exceptions().find(name);
  const Exception bounds = held == exceptions().end() ? Exception{kValueBound, kDerivativeBound, kDerivativeBound, ""} : held->second;
  std::vector<double> at;
  for (const Point& point : points) at.push_back(point.x);
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
      if (std::isnan(want) || std::abs(want) > std::numeric_limits<T>::max() || std::abs(want) < 4 * double{std::numeric_limits<T>::min()})
        continue;
      const double ulp = ulp_distance<T>(got[k][i], want);
      if (ulp <= worst) continue;
      worst = ulp, worst_at = at[i], worst_got = got[k][i], worst_want = want;
    }
    std::ostringstream text;
    text << std::setprecision(9) << name << ' ' << dtype << ' ' << what[k] << ": " << worst << " ULP at " << worst_at << ": " << worst_got
         << ", expected " << worst_want;
    BOOST_TEST_MESSAGE(text.str());
    BOOST_TEST(worst <= allowed[k], text.str());
  }
}

void check_function(const std::string& name) {
  // Without a threshold beyond which softplus is x.
  const Table::Unary softplus_everywhere = [](const TensorArg& x) { return softplus(x, 1, std::numeric_limits<double>::infinity()); };
  for (const Table::UnaryOp& row : op_table().unary_ops()) {
    if (row.name != name) continue;
    const Table::Unary& op = name == "softplus" ? softplus_everywhere : row.op;
    check<float>(name, op, functions().at(name));
    check<double>(name, op, functions().at(name));
    return;
  }
  BOOST_ERROR(name << " has no elementwise row");
}

// Boost registers its own cases before main() as well.
const bool registered = [] {
  namespace unit = boost::unit_test;
  unit::test_suite* suite = BOOST_TEST_SUITE("smooth");
  for (const auto& entry : functions())
    suite->add(unit::make_test_case([name = entry.first] { check_function(name); }, entry.first, __FILE__, __LINE__));
  suite->add(unit::make_test_case([] { BOOST_TEST(functions().size() == 28u, "tests/reference/smooth.jsonl is not whole"); }, "whole_file",
                                  __FILE__, __LINE__));
  unit::framework::master_test_suite().add(suite);
  return true;
}();

}  // namespace
}  // namespace chainrule::test
