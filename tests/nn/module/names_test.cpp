// Things found by name, and the answer to a name that nobody has.
#include "nn/module/names.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
namespace nn = chainrule::nn;
using cr::test::at_line;
using cr::test::message_of;

namespace {

constexpr nn::Named<int> kTable[] = {{"one", 1}, {"two", 2}, {"three", 3}};

}  // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(a_name_has_its_value) {
  const cr::SourceLine line = cr::SourceLine::current();
  BOOST_TEST(nn::find_named("Op", "number", kTable, "one", line) == 1);
  BOOST_TEST(nn::find_named("Op", "number", kTable, std::string("three"), line) == 3);
  BOOST_TEST(&nn::find_named("Op", "number", kTable, "two", line) == &kTable[1].value);
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_answered_with_the_known) {
  const cr::SourceLine line = cr::SourceLine::current();
  const auto error = [&](const char* name) {
    return message_of<std::invalid_argument>([&] { nn::find_named("Op", "number", kTable, name, line); });
  };
  BOOST_TEST(error("four") == "Op: unknown number \"four\", known names: one, two, three" + at_line(line.line()));
  BOOST_TEST(error("One").starts_with("Op: unknown number \"One\""));
  BOOST_TEST(error("").starts_with("Op: unknown number \"\""));
  BOOST_TEST(error("thre").starts_with("Op: unknown number \"thre\""));
}

BOOST_AUTO_TEST_SUITE_END()
