// Moving elements through strides, and shapes seen around an axis.
#include "autograd/ops/strided.h"

#include <autograd/autograd.h>

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <numeric>
#include <vector>

namespace chainrule::test {
namespace {

using Words = std::vector<std::uint32_t>;

// The words 0, 1, 2, ... from `first` on, through strides.
Words copied(const Shape& sizes, const std::vector<std::int64_t>& steps, std::size_t first = 0) {
  Words from(24), to(static_cast<std::size_t>(sizes.numel()), 99);
  std::iota(from.begin(), from.end(), 0U);
  detail::copy_strided(from.data() + first, sizes, steps.data(), to.data());
  return to;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(strided)

BOOST_AUTO_TEST_CASE(steps_may_skip_repeat_and_walk_back) {
  BOOST_TEST(copied({2, 3}, {3, 1}) == (Words{0, 1, 2, 3, 4, 5}), boost::test_tools::per_element());
  BOOST_TEST(copied({3, 2}, {1, 3}) == (Words{0, 3, 1, 4, 2, 5}), boost::test_tools::per_element());
  BOOST_TEST(copied({2, 2}, {12, 2}) == (Words{0, 2, 12, 14}), boost::test_tools::per_element());
  BOOST_TEST(copied({2, 3}, {0, 1}) == (Words{0, 1, 2, 0, 1, 2}), boost::test_tools::per_element());
  BOOST_TEST(copied({2, 3}, {1, 0}) == (Words{0, 0, 0, 1, 1, 1}), boost::test_tools::per_element());
  BOOST_TEST(copied({2, 3}, {-3, -1}, 5) == (Words{5, 4, 3, 2, 1, 0}), boost::test_tools::per_element());
  BOOST_TEST(copied({2, 2, 2}, {1, 12, 4}) == (Words{0, 4, 12, 16, 1, 5, 13, 17}), boost::test_tools::per_element());
  BOOST_TEST(copied({}, {}, 7) == Words{7}, boost::test_tools::per_element());
  BOOST_TEST(copied({2, 0}, {1, 1}).empty());
  BOOST_TEST(copied({0, 2}, {1, 1}).empty());
}

BOOST_AUTO_TEST_CASE(many_rows_are_shared_and_all_arrive) {
  constexpr std::int64_t kRows = 70'000;
  std::vector<std::uint64_t> from(2 * kRows), to(2 * kRows);
  std::iota(from.begin(), from.end(), std::uint64_t{0});
  const std::int64_t steps[] = {1, kRows};
  detail::copy_strided(from.data(), Shape{kRows, 2}, steps, to.data());
  bool right = true;
  for (std::size_t row = 0; row < kRows; ++row) right = right && to[2 * row] == row && to[2 * row + 1] == row + kRows;
  BOOST_TEST(right);
}

BOOST_AUTO_TEST_CASE(steps_of_a_dense_shape) {
  std::int64_t steps[3] = {};
  detail::row_major_steps({4, 5, 6}, steps);
  BOOST_TEST(steps[0] == 30);
  BOOST_TEST(steps[1] == 6);
  BOOST_TEST(steps[2] == 1);
}

BOOST_AUTO_TEST_CASE(a_shape_around_an_axis) {
  const auto is = [](const detail::Span& span, std::int64_t outer, std::int64_t n, std::int64_t inner) {
    return span.outer == outer && span.n == n && span.inner == inner;
  };
  BOOST_TEST(is(detail::around({2, 3, 4, 5}, 0), 1, 2, 60));
  BOOST_TEST(is(detail::around({2, 3, 4, 5}, 2), 6, 4, 5));
  BOOST_TEST(is(detail::around({2, 3, 4, 5}, 3), 24, 5, 1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
