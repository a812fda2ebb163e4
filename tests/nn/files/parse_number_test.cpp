// Numbers from text: what is too small is 0, what is too large is named so, and everything else is a number or not.
#include "nn/files/parse_number.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace cr = chainrule;
using cr::detail::Parsed;

namespace {

template <class T>
T parsed(const std::string& text) {
  T value = 7;
  BOOST_TEST((cr::detail::parse_number(text, value) == Parsed::number), text);
  return value;
}

template <class T>
Parsed result_of(const std::string& text) {
  T value = 7;
  return cr::detail::parse_number(text, value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_number)

BOOST_AUTO_TEST_CASE(numbers_are_read_whole) {
  BOOST_TEST(parsed<float>("0.1") == 0.1F);
  BOOST_TEST(parsed<double>("-2.50e3") == -2500);
  BOOST_TEST(parsed<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(std::isinf(parsed<float>("inf")));
  BOOST_TEST(std::isnan(parsed<double>("nan")));
  for (const char* text : {"", "x", "1x", "1e39x", "1e-50x", " 1", "1 ", "+1", "0x10", "1,5", "--1", "1e"}) {
    BOOST_TEST((result_of<float>(text) == Parsed::other), text);
    BOOST_TEST((result_of<std::int64_t>(text) == Parsed::other), text);
  }
  BOOST_TEST((result_of<std::int64_t>("1.0") == Parsed::other));
}

// The limits are those of IEEE 754: the largest float32 is (2 - 2^-23)·2^127, the smallest 2^-149; of float64 they are 1.797...e308 and
// 2^-1074. What is half of the smallest number or less is rounded to 0.
BOOST_AUTO_TEST_CASE(what_is_too_small_is_zero) {
  BOOST_TEST(parsed<float>("1e-45") == std::ldexp(1.0F, -149));
  BOOST_TEST(parsed<double>("5e-324") == std::ldexp(1.0, -1074));
  BOOST_TEST(parsed<double>("1e-50") == 1e-50);
  const std::string zeros(400, '0');
  for (const std::string& text : {std::string("1e-50"), std::string("7e-46"), "0." + zeros + "1", "0.00" + zeros + "1e+10",
                                  "1" + zeros + "e-900", std::string("123.4e-100"), std::string("1e-99999999999999999999999")}) {
    for (const bool negative : {false, true}) {
      const float value = parsed<float>((negative ? "-" : "") + text);
      BOOST_TEST(value == 0, text);
      BOOST_TEST(std::signbit(value) == negative, text);
    }
  }
  BOOST_TEST(parsed<double>("1e-400") == 0);
  BOOST_TEST(parsed<float>("0e99999999999999999999999") == 0);
  BOOST_TEST(parsed<float>("0." + zeros + "1e401") == 1);
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_named_so) {
  BOOST_TEST(parsed<float>("3.4028234663852886e38") == std::numeric_limits<float>::max());
  BOOST_TEST(parsed<double>("1e39") == 1e39);
  const std::string zeros(400, '0');
  for (const std::string& text : {std::string("1e39"), std::string("-1e+39"), std::string("3.4028236e38"), "1" + zeros,
                                  "0." + zeros + "1e900", std::string("0.001e50"), std::string("1e99999999999999999999999")})
    BOOST_TEST((result_of<float>(text) == Parsed::too_large), text);
  BOOST_TEST((result_of<double>("1e400") == Parsed::too_large));
  BOOST_TEST((result_of<std::int64_t>("9223372036854775808") == Parsed::too_large));
  BOOST_TEST((result_of<std::uint8_t>("256") == Parsed::too_large));
}

BOOST_AUTO_TEST_SUITE_END()
