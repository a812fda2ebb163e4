// Classes of characters, against those of <cctype> in the C locale.
#include "nn/files/ascii.h"

#include <boost/test/unit_test.hpp>
#include <cctype>

namespace nn = chainrule::nn;

BOOST_AUTO_TEST_SUITE(ascii)

BOOST_AUTO_TEST_CASE(classes_of_every_byte) {
  for (int byte = 0; byte < 128; ++byte) {
    const char c = static_cast<char>(byte);
    BOOST_TEST(nn::is_upper(c) == (std::isupper(byte) != 0));
    BOOST_TEST(nn::is_lower(c) == (std::islower(byte) != 0));
    BOOST_TEST(nn::is_digit(c) == (std::isdigit(byte) != 0));
    BOOST_TEST(nn::is_alphanumeric(c) == (std::isalnum(byte) != 0));
    BOOST_TEST(nn::to_lower(c) == static_cast<char>(std::tolower(byte)));
  }
  for (int byte = 128; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    BOOST_TEST(!nn::is_alphanumeric(c));
    BOOST_TEST(nn::to_lower(c) == c);
  }
}

BOOST_AUTO_TEST_SUITE_END()
