// Broadcasting: common shapes, how operands are walked, and that every element is met once.
#include "autograd/ops/broadcast.h"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace chainrule::test {
namespace {

using detail::broadcast_runs;
using detail::broadcast_shapes;
using detail::BroadcastPlan;

// Which element of an operand each element of the result takes, by the definition.
std::vector<std::int64_t> by_definition(const Shape& result, const Shape& operand) {
  std::vector<std::int64_t> taken;
  for (std::int64_t i = 0; i < result.numel(); ++i) {
    std::int64_t rest = i, offset = 0, step = 1;
    for (int axis = result.rank() - 1; axis >= 0; --axis) {
      const std::int64_t at = rest % result[axis];
      rest /= result[axis];
      const int own = axis - (result.rank() - operand.rank());
      if (own < 0) continue;
      if (operand[own] != 1) offset += at * step;
      step *= operand[own];
    }
    taken.push_back(offset);
  }
  return taken;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(broadcast)

BOOST_AUTO_TEST_CASE(shapes_meet_from_the_last_axis_on) {
  const SourceLine line = SourceLine::current();
  const auto both = [&](const Shape& a, const Shape& b) {
    const Shape result = broadcast_shapes("add", a, b, line);
    BOOST_TEST(broadcast_shapes("add", b, a, line) == result);
    return result;
  };
  BOOST_TEST(both({2, 3}, {2, 3}) == Shape({2, 3}));
  BOOST_TEST(both({2, 3}, {}) == Shape({2, 3}));
  BOOST_TEST(both({2, 1}, {3}) == Shape({2, 3}));
  BOOST_TEST(both({4, 1, 5}, {2, 1}) == Shape({4, 2, 5}));
  BOOST_TEST(both({1}, {0}) == Shape({0}));
  BOOST_TEST(both({3, 1}, {1, 0}) == Shape({3, 0}));
  BOOST_TEST(message_of<std::invalid_argument>([&] {
               broadcast_shapes("add", {2, 3}, {2}, line);
             }) == "add: shapes [2, 3] and [2] do not broadcast together" + at_line(line.line()));
  BOOST_TEST(message_of<std::invalid_argument>([&] { broadcast_shapes("mul", {0}, {2}, line); }) ==
             "mul: shapes [0] and [2] do not broadcast together" + at_line(line.line()));
}

BOOST_AUTO_TEST_CASE(axes_along_which_all_advance_are_one) {
  const BroadcastPlan<2> alike({2, 3, 4}, {Shape{2, 3, 4}, Shape{2, 3, 4}});
  BOOST_TEST(alike.axes == 1);
  BOOST_TEST(alike.sizes[0] == 24);
  BOOST_TEST(alike.steps[0][0] == 1);
  const BroadcastPlan<2> row({2, 3, 4}, {Shape{2, 3, 4}, Shape{3, 4}});  // innermost first
  BOOST_TEST(row.axes == 2);
  BOOST_TEST(row.sizes[0] == 12);
  BOOST_TEST(row.sizes[1] == 2);
  BOOST_TEST(row.steps[0][1] == 12);
  BOOST_TEST(row.steps[1][1] == 0);
  const BroadcastPlan<2> number({2, 3, 4}, {Shape{2, 3, 4}, Shape{}});
  BOOST_TEST(number.axes == 1);
  BOOST_TEST(number.steps[1][0] == 0);
  const BroadcastPlan<1> single({1, 1}, {Shape{1, 1}});
  BOOST_TEST(single.axes == 1);
  BOOST_TEST(single.sizes[0] == 1);
}

BOOST_AUTO_TEST_CASE(stretches_cover_the_result_once) {
  struct Case {
    Shape result, a, b;
  };
  const Case cases[] = {
      {{2, 3, 4}, {2, 3, 4}, {3, 1}}, {{2, 3, 4}, {1, 3, 1}, {2, 1, 4}}, {{5}, {1}, {5}},          {{}, {}, {}},
      {{2, 0, 3}, {2, 0, 3}, {1, 3}}, {{300, 400}, {300, 1}, {400}},     {{70'000}, {70'000}, {}}, {{3, 1, 2}, {1, 2}, {3, 1, 1}}};
  for (const Case& c : cases) {
    std::mutex mutex;
    const auto count = static_cast<std::size_t>(c.result.numel());
    std::vector<int> met(count);
    std::vector<std::int64_t> of_a(count), of_b(count);
    broadcast_runs<2>(c.result, {c.a, c.b}, [&](const auto& offsets, const auto& steps, std::int64_t begin, std::int64_t n) {
      const std::lock_guard lock(mutex);
      for (std::int64_t i = 0; i < n; ++i) {
        const auto at = static_cast<std::size_t>(begin + i);
        ++met.at(at);
        of_a[at] = offsets[0] + i * steps[0];
        of_b[at] = offsets[1] + i * steps[1];
      }
    });
    BOOST_TEST_CONTEXT(c.a << " and " << c.b) {
      BOOST_TEST((met == std::vector<int>(count, 1)));
      BOOST_TEST((of_a == by_definition(c.result, c.a)));
      BOOST_TEST((of_b == by_definition(c.result, c.b)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
