// Lines and places that errors name: which is in force where, and that each scope gives back what was.
#include "autograd/base/caller.h"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>

#include "autograd/base/context.h"

namespace chainrule::test {
namespace {

// The line that an error of an argument from line 1 of nowhere would name.
unsigned line_named() {
  static const SourceLine argument;
  return detail::line_for_errors(argument).line();
}

std::string words(const void* object) { return *static_cast<const std::string*>(object); }

}  // namespace

BOOST_AUTO_TEST_SUITE(caller)

BOOST_AUTO_TEST_CASE(a_line_as_text_has_no_folders) {
  const SourceLine here = SourceLine::current();
  BOOST_TEST(line_text(here) == "caller_test.cpp:" + std::to_string(here.line()));
  BOOST_TEST(std::string(here.file_name()).find('/') != std::string::npos);  // so that there were some
}

BOOST_AUTO_TEST_CASE(the_outermost_line_is_in_force) {
  BOOST_TEST(line_named() == SourceLine().line());
  {
    const SourceLine outer = SourceLine::current();
    const CallerScope scope(outer);
    BOOST_TEST(line_named() == outer.line());
    {
      const CallerScope inner(SourceLine::current());
      BOOST_TEST(line_named() == outer.line());
    }
    BOOST_TEST(line_named() == outer.line());
  }
  BOOST_TEST(line_named() == SourceLine().line());
}

BOOST_AUTO_TEST_CASE(users_code_names_lines_of_its_own) {
  const SourceLine outer = SourceLine::current();
  const CallerScope scope(outer);
  try {
    const UserCodeScope user;
    BOOST_TEST(line_named() == SourceLine().line());
    const SourceLine own = SourceLine::current();
    const CallerScope within(own);
    BOOST_TEST(line_named() == own.line());
    throw std::runtime_error("from the user's code");
  } catch (const std::runtime_error&) {
  }
  BOOST_TEST(line_named() == outer.line());
}

BOOST_AUTO_TEST_CASE(places_are_joined_from_the_outermost_on) {
  const std::string model = "mlp", layer = "2", inner = "fc";
  BOOST_TEST(ErrorPathScope::path().empty());
  {
    const ErrorPathScope first(&model, words);
    BOOST_TEST(ErrorPathScope::path() == "mlp");
    {
      const ErrorPathScope second(&layer, words), third(&inner, words);
      BOOST_TEST(ErrorPathScope::path() == "mlp.2.fc");
    }
    BOOST_TEST(ErrorPathScope::path() == "mlp");
  }
  BOOST_TEST(ErrorPathScope::path().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
