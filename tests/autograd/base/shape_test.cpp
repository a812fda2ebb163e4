// Shapes and axes: how they are made, changed, compared and printed, and what is refused.
#include "autograd/base/shape.h"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "tests/autograd/base/throws.h"

namespace chainrule::test {

BOOST_AUTO_TEST_SUITE(shape)

BOOST_AUTO_TEST_CASE(made_of_sizes_in_any_form) {
  const std::vector<int> v(5);
  const Shape listed{2, v.size(), 3};
  const std::int64_t sizes[] = {2, 5, 3, 99};
  BOOST_TEST(listed == Shape(std::vector<std::int64_t>{2, 5, 3}));
  BOOST_TEST(listed == Shape(sizes, 3));
  BOOST_TEST(listed.rank() == 3);
  BOOST_TEST(listed[1] == 5);
  BOOST_TEST(listed.size(0) == 2);
  BOOST_TEST(listed.size(-1) == 3);
  BOOST_TEST(std::vector<std::int64_t>(listed.begin(), listed.end()) == (std::vector<std::int64_t>{2, 5, 3}),
             boost::test_tools::per_element());
  BOOST_TEST(Shape().rank() == 0);
  BOOST_TEST(Shape{} == Shape());
  BOOST_TEST(listed != Shape({2, 5}));
  BOOST_TEST(listed != Shape({2, 5, 4}));
  static_assert(!std::is_convertible_v<bool, Dim> && !std::is_convertible_v<double, Dim>);
}

BOOST_AUTO_TEST_CASE(elements_are_counted_without_overflow) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(Shape().numel() == 1);
  BOOST_TEST(Shape({4, 5, 6}).numel() == 120);
  BOOST_TEST(Shape({4, 0, 6}).numel() == 0);
  BOOST_TEST(Shape({kMost, 1}).numel() == kMost);
  BOOST_TEST(Shape({std::int64_t{1} << 32, std::int64_t{1} << 32}).numel() == kMost);
  BOOST_TEST(Shape({std::int64_t{1} << 32, std::int64_t{1} << 32, 0}).numel() == 0);
  BOOST_TEST(Shape({0, std::int64_t{1} << 32, std::int64_t{1} << 32}).numel() == 0);
}

BOOST_AUTO_TEST_CASE(axes_come_and_go) {
  Shape shape{2, 3};
  shape.push_back(4);
  BOOST_TEST(shape == Shape({2, 3, 4}));
  shape.insert(0, 1);
  BOOST_TEST(shape == Shape({1, 2, 3, 4}));
  shape.insert(4, 5);
  shape.insert(2, 7);
  BOOST_TEST(shape == Shape({1, 2, 7, 3, 4, 5}));
  shape.erase(0);
  shape.erase(4);
  BOOST_TEST(shape == Shape({2, 7, 3, 4}));
  shape[1] = 9;
  BOOST_TEST(shape.str() == "[2, 9, 3, 4]");
}

BOOST_AUTO_TEST_CASE(printed_as_lists) {
  BOOST_TEST(Shape().str() == "[]");
  BOOST_TEST(Shape({784}).str() == "[784]");
  BOOST_TEST((std::ostringstream() << Shape{32, 784}).str() == "[32, 784]");
}

BOOST_AUTO_TEST_CASE(nine_axes_are_refused) {
  const auto message = [](auto f) { return message_of<std::invalid_argument>(f); };
  const std::vector<std::int64_t> nine(9, 1), eight(8, 1);
  const std::string refused = "Shape: got 9 axes, expected at most 8";
  BOOST_TEST(message([] { Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}; }) == refused);
  BOOST_TEST(message([&] { Shape{nine}; }) == refused);
  BOOST_TEST(message([&] { Shape(nine.data(), 9); }) == refused);
  Shape full(eight);
  BOOST_TEST(message([&] { full.push_back(1); }) == refused);
  BOOST_TEST(message([&] { full.insert(3, 1); }) == refused);
  BOOST_TEST(full == Shape(eight));
  BOOST_TEST(message([&] { Axes{nine}; }) == "Axes: got 9 axes, expected at most 8");
}

BOOST_AUTO_TEST_CASE(an_axis_that_is_not_there_is_refused) {
  const Shape shape{2, 3};
  BOOST_TEST(message_of<std::invalid_argument>([&] { shape.size(2); }) == "Shape::size: axis 2 is out of range for [2, 3]");
  BOOST_TEST(message_of<std::invalid_argument>([&] { shape.size(-3); }) == "Shape::size: axis -3 is out of range for [2, 3]");
  BOOST_TEST(message_of<std::invalid_argument>([&] { Shape().size(0); }) == "Shape::size: axis 0 is out of range for []");
}

BOOST_AUTO_TEST_CASE(axes_of_reductions) {
  const auto list = [](const Axes& axes) { return std::vector<std::int64_t>(axes.begin(), axes.end()); };
  BOOST_TEST(Axes().all());
  BOOST_TEST(Axes{}.count() == 0);
  BOOST_TEST(!Axes(0).all());
  BOOST_TEST(list(Axes(-1)) == (std::vector<std::int64_t>{-1}), boost::test_tools::per_element());
  BOOST_TEST(list({0, 2}) == (std::vector<std::int64_t>{0, 2}), boost::test_tools::per_element());
  BOOST_TEST(list(Axes(std::vector<std::int64_t>{3, 1, 2})) == (std::vector<std::int64_t>{3, 1, 2}), boost::test_tools::per_element());
  static_assert(!std::is_convertible_v<bool, Axes>);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
