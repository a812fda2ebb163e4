// The bytes of a JSON file: passed on as they are, but for what the parser cannot be trusted with.
#include "nn/files/checked_bytes.h"

#include <boost/test/unit_test.hpp>
#include <istream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/autograd/base/throws.h"
#include "tests/nn/files/folder.h"

namespace nn = chainrule::nn;
using chainrule::test::Folder;
using chainrule::test::message_of;

namespace {

constexpr std::size_t kToken = 8, kGap = 6;

struct Files : Folder {
  std::string at = (path / "f.json").string();

  std::string passed(const std::string& text, std::size_t token = kToken, std::size_t gap = kGap) const {
    const nn::InputFile input(file("f.json", text));
    nn::CheckedBytes bytes(input, token, gap);
    return {std::istreambuf_iterator<char>(&bytes), {}};
  }

  std::string refusal(const std::string& text) const {
    const std::string message = message_of<std::runtime_error>([&] { passed(text); });
    return message.starts_with(at + ": ") ? message.substr(at.size() + 2) : "no file named: " + message;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checked_bytes, Files)

BOOST_AUTO_TEST_CASE(bytes_pass_as_they_are) {
  for (const std::string text : {"", "{}", "[1, -2.5e3, true, null]", R"({"a": "\"\\"})", "\"\xe9\x87\x8d\""})
    BOOST_TEST(passed(text, 8, 20) == text);
  std::string large = "[";
  for (int i = 0; i < 40'000; ++i) large += std::to_string(i) + ", ";  // more than three buffers
  large += "0]";
  BOOST_TEST((passed(large) == large));
}

BOOST_AUTO_TEST_CASE(a_zero_byte_is_refused_where_it_is) {
  BOOST_TEST(refusal(std::string("[1\0]", 4)) == "byte 2: a zero byte, expected JSON");
  BOOST_TEST(refusal(std::string("[\"a\0\"]", 6)) == "byte 3: a zero byte, expected JSON");
  std::string far;
  while (far.size() < 100'000) far += "[1],";
  BOOST_TEST(refusal(far + '\0') == "byte 100000: a zero byte, expected JSON");
}

BOOST_AUTO_TEST_CASE(tokens_have_a_longest_length) {
  const std::string what = ": a name, string or number of more than 8 bytes";
  BOOST_TEST(passed("[12345678]") == "[12345678]");
  BOOST_TEST(refusal("[123456789]") == "byte 1" + what);
  BOOST_TEST(passed("\"123456\"") == "\"123456\"");  // its quotes count
  BOOST_TEST(refusal("[1, \"1234567\"]") == "byte 4" + what);
  BOOST_TEST(passed("\"a ,: b\"").size() == 8U);
}

BOOST_AUTO_TEST_CASE(an_escaped_quote_ends_no_string) {
  BOOST_TEST(passed(R"(["\"\\",1])") == R"(["\"\\",1])");
  BOOST_TEST(refusal(R"(["\"345678"])").starts_with("byte 1: a name, string or number"));  // one string of 10 bytes
  BOOST_TEST(passed(R"(["\\",12345])") == R"(["\\",12345])");                              // two tokens
}

BOOST_AUTO_TEST_CASE(between_tokens_there_is_no_more_than_a_gap) {
  const std::string what = ": more than 6 bytes without a name, string or number";
  BOOST_TEST(passed("[     1,     2]").size() == 15U);
  BOOST_TEST(refusal("[      1]") == "byte 0" + what);
  BOOST_TEST(refusal("[1,      2]") == "byte 2" + what);
  BOOST_TEST(refusal("[[[[[[[") == "byte 0" + what);
  BOOST_TEST(passed("\"       \"", 9, 1).size() == 9U);  // within a string there is none
}

BOOST_AUTO_TEST_SUITE_END()
