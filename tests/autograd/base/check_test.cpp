// The text of errors: its parts, the path and the line in it, and axes out of range.
#include "autograd/base/check.h"

#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/autograd/base/throws.h"

namespace chainrule::test {

using detail::checked_axis;
using detail::text;
using detail::throw_invalid;
using detail::throw_misuse;

BOOST_AUTO_TEST_SUITE(check)

BOOST_AUTO_TEST_CASE(text_of_every_kind_of_part) {
  const char* letters = "letters";
  const std::string string = "string";
  BOOST_TEST(text("a ", letters, " b ", string, std::string_view(" view ")) == "a letters b string view ");
  BOOST_TEST(text(-3, ", ", std::int64_t{1} << 40, ", ", std::size_t{7}, ", ", 0.5) == "-3, 1099511627776, 7, 0.5");
  BOOST_TEST(text(DType::float64, Shape{2, 3}) == "float64[2, 3]");
  BOOST_TEST(text("").empty());
  const char padded[] = {'a', '\0', 'b', '\0'};
  BOOST_TEST(text(padded) == "a");
}

BOOST_AUTO_TEST_CASE(an_error_names_op_and_line) {
  const SourceLine line = SourceLine::current();
  const std::string place = at_line(line.line());
  BOOST_TEST(message_of<std::invalid_argument>([&] { throw_invalid("matmul", "got a vector", line); }) == "matmul: got a vector" + place);
  BOOST_TEST(message_of<std::logic_error>([&] { throw_misuse("backward", "once more", line); }) == "backward: once more" + place);
  BOOST_CHECK_THROW(throw_invalid("matmul", "", line), std::invalid_argument);
  try {
    throw_misuse("backward", "", line);
  } catch (const std::invalid_argument&) {
    BOOST_TEST(false, "a misuse is no invalid_argument");
  } catch (const std::logic_error&) {
  }
}

BOOST_AUTO_TEST_CASE(the_path_comes_first_and_the_line_in_force_last) {
  const SourceLine line = SourceLine::current();
  const std::string module = "mlp.2 (Dense 4 -> 5)";
  const ErrorPathScope path(&module, [](const void* object) { return *static_cast<const std::string*>(object); });
  const SourceLine users = SourceLine::current();
  const CallerScope caller(users);
  BOOST_TEST(message_of<std::invalid_argument>([&] { throw_invalid("linear", "got nothing", line); }) ==
             "mlp.2 (Dense 4 -> 5): linear: got nothing" + at_line(users.line()));
}

BOOST_AUTO_TEST_CASE(axes_count_from_both_ends) {
  const SourceLine line = SourceLine::current();
  const Shape cube{2, 3, 4};
  BOOST_TEST(checked_axis("sum", 0, cube, line) == 0);
  BOOST_TEST(checked_axis("sum", 2, cube, line) == 2);
  BOOST_TEST(checked_axis("sum", -1, cube, line) == 2);
  BOOST_TEST(checked_axis("sum", -3, cube, line) == 0);
  BOOST_TEST(checked_axis("unsqueeze", -4, cube, line, 1) == 0);
  BOOST_TEST(checked_axis("unsqueeze", 3, cube, line, 1) == 3);
  const auto error = [&](std::int64_t axis, const Shape& shape, int more = 0) {
    return message_of<std::invalid_argument>([&] { checked_axis("sum", axis, shape, line, more); });
  };
  const std::string place = at_line(line.line());
  BOOST_TEST(error(3, cube) == "sum: axis 3 is out of range for a tensor of shape [2, 3, 4], expected -3 to 2" + place);
  BOOST_TEST(error(-4, cube) == "sum: axis -4 is out of range for a tensor of shape [2, 3, 4], expected -3 to 2" + place);
  BOOST_TEST(error(4, cube, 1) == "sum: axis 4 is out of range for a tensor of shape [2, 3, 4], expected -4 to 3" + place);
  BOOST_TEST(error(std::int64_t{1} << 32, cube).starts_with("sum: axis 4294967296 is out of range"));
  BOOST_TEST(error(0, {}) == "sum: axis 0 is out of range for a tensor of shape []" + place);
  BOOST_TEST(error(1, {}, 1) == "sum: axis 1 is out of range for a tensor of shape [], expected -1 to 0" + place);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
