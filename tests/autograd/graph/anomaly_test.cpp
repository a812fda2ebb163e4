// DetectAnomaly: the first value or gradient that is not finite is named, and nothing stays behind.
#include "autograd/graph/anomaly.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <stdexcept>
#include <string>

#include "tests/autograd/base/throws.h"

namespace cr = chainrule;
using cr::Tensor;
using cr::test::at_line;
using cr::test::message_of;

BOOST_AUTO_TEST_SUITE(anomaly)

BOOST_AUTO_TEST_CASE(an_op_that_fails_leaves_nothing_behind) {
  const cr::GraphStats before = cr::graph_stats();
  {
    const cr::DetectAnomaly detect;
    const Tensor x = cr::tensor(1.0);
    BOOST_CHECK_THROW(cr::broadcast_to(x, {std::int64_t{1} << 40, std::int64_t{1} << 40}), std::exception);
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_CASE(first_bad_result_is_named) {
  Tensor x = cr::variable({{1, 2}, {-1, -3}});
  x.set_name("ratio");
  Tensor off = cr::log(x);  // unnoticed without the guard
  const cr::DetectAnomaly guard;
  unsigned line = 0;
  const auto forward = [&] {
    Tensor fine = cr::exp(x);
    line = __LINE__ + 1;
    Tensor bad = cr::log(x);
    Tensor worse = bad * 2;
  };
  const std::string message = message_of<std::runtime_error>(forward);
  BOOST_CHECK_EQUAL(
      message,
      "log: its result of shape [2, 2] has nan at [1, 0], and 1 more of 4 that are not finite; input 0 'ratio' of shape [2, 2] "
      "holds -3 to 2" +
          at_line(line));
  const auto infinite = [&] { cr::tensor({1, 2}) / cr::tensor({1, 0}); };
  BOOST_TEST(message_of<std::runtime_error>(infinite).starts_with(
      "div: its result of shape [2] has inf at [1]; input 0 of shape [2] holds 1 to 2; input 1 of shape [2] holds 0 to 1"));
}

BOOST_AUTO_TEST_CASE(first_bad_gradient_is_named) {
  Tensor x = cr::variable({4, 0});
  const cr::DetectAnomaly guard;
  const unsigned line = __LINE__ + 1;
  Tensor y = cr::sqrt(x);
  const auto backward = [&] { cr::sum(y).backward(); };
  // The division inside sqrt's rule is the first to be infinite, on sqrt's own line.
  BOOST_TEST(message_of<std::runtime_error>(backward).starts_with("div: its result of shape [2] has inf at [1]"));
  BOOST_TEST(message_of<std::runtime_error>(backward).ends_with(at_line(line)));
}

BOOST_AUTO_TEST_CASE(rules_of_custom_ops_are_checked) {
  Tensor x = cr::variable({1, 2});
  const cr::DetectAnomaly guard;
  Tensor y = cr::custom_op(
      "shaky", x, [](std::span<const Tensor> in) { return in[0] * 1; },
      [](const cr::CustomCall&) {
        return std::vector<Tensor>{cr::tensor({1, std::nan("")})};
      });
  BOOST_TEST(message_of<std::runtime_error>([&] {
               cr::sum(y).backward();
             }).starts_with("shaky: the gradient for input 0 (a leaf of shape [2]) has nan at [1]; input 0 of shape [2] holds 1 to 2"));
}

BOOST_AUTO_TEST_CASE(holds_nothing_afterwards) {
  const cr::GraphStats before = cr::graph_stats();
  {
    const cr::DetectAnomaly guard;
    Tensor x = cr::variable({1, 2});
    cr::sum(cr::exp(x) * 2).backward();
    BOOST_CHECK_THROW(cr::log(x * -1), std::runtime_error);
  }
  BOOST_CHECK(cr::graph_stats() == before);
}

BOOST_AUTO_TEST_SUITE_END()
