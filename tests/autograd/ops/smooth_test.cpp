// Smooth functions of one number and their first two derivatives against numbers from mpmath, in units in the last place: near 0, at common
// arguments, and far out, where the results are small but not 0.
// Covers autograd/ops.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tests/autograd/ops/op_table.h"
#include "tests/autograd/ops/smooth_points.h"

namespace chainrule::test {
namespace {

// What is allowed beyond the bounds.
const std::map<std::string, Bounds>& exceptions() {
  static const std::map<std::string, Bounds> all = {
      {"gelu_tanh", {128, 128, 128, "an exponential of a polynomial, whose rounding error it multiplies by up to 140"}},
      {"mish", {16, 16, 48, "an exponential of softplus, whose rounding error it multiplies by 2·softplus"}}};
  return all;
}

const std::map<std::string, std::vector<Point>>& functions() {
  static const std::map<std::string, std::vector<Point>> all = read_points(std::string(REFERENCE_DIR) + "/smooth.jsonl");
  return all;
}

void check_function(const std::string& name) {
  // Without a threshold beyond which softplus is x.
  const Table::Unary softplus_everywhere = [](const TensorArg& x) { return softplus(x, 1, std::numeric_limits<double>::infinity()); };
  for (const Table::UnaryOp& row : op_table().unary_ops()) {
    if (row.name != name) continue;
    const Table::Unary& op = name == "softplus" ? softplus_everywhere : row.op;
    const auto exception = exceptions().find(name);
    const Bounds bounds = exception == exceptions().end() ? Bounds() : exception->second;
    check_points<float>(name, op, functions().at(name), bounds);
    check_points<double>(name, op, functions().at(name), bounds);
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
