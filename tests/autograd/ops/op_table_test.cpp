// Every row of the op table as test cases ops/<op>/<aspect>.
// Covers autograd/ops.
#include "tests/autograd/ops/op_table.h"

#include <boost/test/unit_test.hpp>

namespace chainrule::test {
namespace {

// Boost registers its own cases before main() as well.
const bool registered = [] {
  namespace unit = boost::unit_test;
  unit::test_suite* ops = BOOST_TEST_SUITE("ops");
  for (const Row& row : op_table().rows()) {
    unit::test_suite* suite = BOOST_TEST_SUITE(row.name());
    const auto add = [&](const char* aspect, void (Row::*check)() const) {
      suite->add(unit::make_test_case([&row, check] { (row.*check)(); }, aspect, __FILE__, __LINE__));
    };
    add("values", &Row::check_values);
    add("gradient", &Row::check_gradient);
    if (!row.is_constant()) add("second_gradient", &Row::check_second_gradient);
    add("float32", &Row::check_float32);
    add("special_points", &Row::check_special_points);
    add("errors", &Row::check_errors);
    ops->add(suite);
  }
  unit::framework::master_test_suite().add(ops);
  return true;
}();

}  // namespace
}  // namespace chainrule::test
