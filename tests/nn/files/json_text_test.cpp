// Text and numbers as JSON has them.
#include "nn/files/json_text.h"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "nn/files/parse_number.h"
#include "tests/autograd/base/throws.h"

namespace nn = chainrule::nn;
using chainrule::test::message_of;

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(quoted_text) {
  for (const auto quote : {nn::json_quote, nn::json_string}) {
    BOOST_TEST(quote("").compare("\"\"") == 0);
    BOOST_TEST(quote("a \"b\"\\\n\t\x01").compare(R"("a \"b\"\\\n\t\u0001")") == 0);
    BOOST_TEST(quote("\xe9\x87\x8d").compare("\"\xe9\x87\x8d\"") == 0);  // as it is, not escaped
  }
  BOOST_TEST(nn::json_quote("a\xff"
                            "b") ==
             "\"a\xef\xbf\xbd"
             "b\"");
  BOOST_TEST(message_of<std::invalid_argument>([] {
               nn::json_string(
                   "a\xff"
                   "b");
             }) ==
             "the text \"a\xef\xbf\xbd"
             "b\" is not UTF-8");
}

BOOST_AUTO_TEST_CASE(long_text_is_shortened_in_messages_only) {
  const std::string fits(200, 'a'), longer(201, 'a');
  BOOST_TEST(nn::json_quote(fits) == '"' + fits + '"');
  BOOST_TEST(nn::json_quote(longer) == '"' + fits + "...\"");
  BOOST_TEST(nn::json_string(longer) == '"' + longer + '"');
  // Not in the middle of a character.
  BOOST_TEST(nn::json_quote(std::string(199, 'a') + "\xc3\xa9"
                                                    "b") == '"' + std::string(199, 'a') + "...\"");
  BOOST_TEST(nn::json_quote(std::string(198, 'a') + "\xc3\xa9"
                                                    "b") == '"' + std::string(198, 'a') + "\xc3\xa9...\"");
}

BOOST_AUTO_TEST_CASE(what_is_utf8) {
  BOOST_TEST(nn::is_utf8(""));
  BOOST_TEST(
      nn::is_utf8("gr\xc3\xb6\xc3\x9f"
                  "e"));
  BOOST_TEST(!nn::is_utf8("\xff"));
  BOOST_TEST(!nn::is_utf8("\xc3"));
  BOOST_TEST(!nn::is_utf8("\xc0\xaf"));      // overlong
  BOOST_TEST(!nn::is_utf8("\xed\xa0\x80"));  // half of a surrogate pair
}

BOOST_AUTO_TEST_CASE(numbers_are_as_short_as_can_be) {
  BOOST_TEST(nn::json_number(0.1F) == "0.1");
  BOOST_TEST(nn::json_number(0.1) == "0.1");
  BOOST_TEST(nn::json_number(static_cast<double>(0.1F)) == "0.10000000149011612");
  BOOST_TEST(nn::json_number(-0.0) == "-0");
  BOOST_TEST(nn::json_number(1e300) == "1e+300");
  BOOST_TEST(nn::json_number(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  std::string out = "[";
  nn::append_json_number(out, 2.5);
  nn::append_json_number(out, std::int64_t{7});
  BOOST_TEST(out == "[2.57");
}

BOOST_AUTO_TEST_CASE(every_number_is_read_as_it_was) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    const std::string text = nn::json_number(number);
    double read = 0;
    BOOST_REQUIRE((chainrule::detail::parse_number(text, read) == chainrule::detail::Parsed::number));
    BOOST_REQUIRE((std::bit_cast<std::uint64_t>(read) == std::bit_cast<std::uint64_t>(number)));
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_json_lacks_are_words) {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  BOOST_TEST(nn::json_number(kInf) == "\"inf\"");
  BOOST_TEST(nn::json_number(-std::numeric_limits<float>::infinity()) == "\"-inf\"");
  BOOST_TEST(nn::json_number(-std::numeric_limits<double>::quiet_NaN()) == "\"nan\"");
  BOOST_TEST(nn::special_number("inf").value() == kInf);
  BOOST_TEST(nn::special_number("-inf").value() == -kInf);
  BOOST_TEST(std::isnan(nn::special_number("nan").value()));
  for (const char* words : {"", "NaN", "infinity", "+inf", "1"}) BOOST_TEST(!nn::special_number(words).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
