// Smooth functions of one number and their first two derivatives against numbers from mpmath, in units in the last place: near 0, at common
// arguments, and far out, where the results are small but not 0.
// Covers autograd/ops.
#include "tests/autograd/ops/smooth_check.h"

namespace chainrule::test {
namespace {

const std::map<std::string, std::vector<SmoothPoint>>& functions() {
  static const std::map<std::string, std::vector<SmoothPoint>> all = read_points(std::string(REFERENCE_DIR) + "/smooth.jsonl");
  return all;
}

void check_function(const std::string& name) {
  check_smooth<float>(name, functions().at(name));
  check_smooth<double>(name, functions().at(name));
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
