// What the engine keeps for each thread: the line of a rule, and that no thread sees another's.
#include "autograd/base/context.h"

#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>

namespace chainrule::test {

using detail::ForcedLine;
using detail::line_for_errors;
using detail::thread_context;

BOOST_AUTO_TEST_SUITE(context)

BOOST_AUTO_TEST_CASE(a_forced_line_goes_before_the_callers) {
  const SourceLine caller = SourceLine::current();
  const SourceLine rule = SourceLine::current();
  const CallerScope scope(caller);
  {
    const ForcedLine forced(rule);
    BOOST_TEST(line_for_errors(caller).line() == rule.line());
    {
      const SourceLine deeper = SourceLine::current();
      const ForcedLine again(deeper);
      BOOST_TEST(line_for_errors(caller).line() == deeper.line());
    }
    BOOST_TEST(line_for_errors(caller).line() == rule.line());
  }
  BOOST_TEST(line_for_errors(rule).line() == caller.line());
}

BOOST_AUTO_TEST_CASE(without_a_caller_nothing_stays_in_force) {
  const SourceLine argument = SourceLine::current();
  const SourceLine rule = SourceLine::current();
  {
    const ForcedLine forced(rule);
    BOOST_TEST(line_for_errors(argument).line() == rule.line());
  }
  BOOST_TEST(!thread_context.line_in_force);
  BOOST_TEST(line_for_errors(argument).line() == argument.line());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(context_threads)

BOOST_AUTO_TEST_CASE(each_thread_has_its_own) {
  const CallerScope scope(SourceLine::current());
  const std::string name = "model";
  const ErrorPathScope path(&name, [](const void* object) { return *static_cast<const std::string*>(object); });
  thread_context.anomaly = true;
  thread_context.grad_enabled = false;
  bool as_at_first = false;
  std::thread([&] {
    as_at_first = thread_context.grad_enabled && !thread_context.line_in_force && !thread_context.anomaly && ErrorPathScope::path().empty();
    thread_context.anomaly = false;
    thread_context.grad_enabled = true;
  }).join();
  BOOST_TEST(as_at_first);
  BOOST_TEST(thread_context.line_in_force);
  BOOST_TEST(thread_context.anomaly);
  BOOST_TEST(!thread_context.grad_enabled);
  thread_context.anomaly = false;
  thread_context.grad_enabled = true;
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
