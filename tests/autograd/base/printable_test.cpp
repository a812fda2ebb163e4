// Text and numbers as messages show them.
// Covers autograd/base/text_stream.h.
#include "autograd/base/printable.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "autograd/base/check.h"
#include "autograd/base/text_stream.h"
#include "tests/autograd/base/other_locale.h"

namespace chainrule::test {

using detail::printable;

BOOST_AUTO_TEST_SUITE(printable_text)

BOOST_AUTO_TEST_CASE(control_characters_become_escapes) {
  BOOST_TEST(printable("").empty());
  BOOST_TEST(printable("a\nb\rc\td") == "a\\nb\\rc\\td");
  BOOST_TEST(printable("\x1b[2J\x07\x7f") == "\\x1b[2J\\x07\\x7f");
  BOOST_TEST(printable(std::string("a\0b", 3)) == "a\\x00b");
  BOOST_TEST(printable("\xc2\x80\xc2\x9f") == "\\u0080\\u009f");  // U+0080 and U+009F control terminals, too
  BOOST_TEST(printable("\\n") == "\\n");
}

BOOST_AUTO_TEST_CASE(utf8_stays_and_other_bytes_become_escapes) {
  for (const std::string whole :
       {"caf\xc3\xa9", "\xc2\xa0", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbd", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    BOOST_TEST(printable(whole) == whole);
  BOOST_TEST(printable("caf\xe9!") == "caf\\xe9!");
  BOOST_TEST(printable("\x80") == "\\x80");
  BOOST_TEST(printable("\xc3") == "\\xc3");                             // ends within a character
  BOOST_TEST(printable("\xe2\x82") == "\\xe2\\x82");                    // as well
  BOOST_TEST(printable("\xc0\xaf") == "\\xc0\\xaf");                    // overlong
  BOOST_TEST(printable("\xe0\x9f\xbf") == "\\xe0\\x9f\\xbf");           // overlong
  BOOST_TEST(printable("\xf0\x8f\xbf\xbf") == "\\xf0\\x8f\\xbf\\xbf");  // overlong
  BOOST_TEST(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // half of a surrogate pair
  BOOST_TEST(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  BOOST_TEST(printable("\xff\xfe") == "\\xff\\xfe");
}

BOOST_AUTO_TEST_CASE(printable_text_does_not_change) {
  for (const char* words : {"a\nb", "\xc3", "\x1b", "\xc2\x85", "caf\xc3\xa9 \\x1b"}) {
    const std::string once = printable(words);
    BOOST_TEST(printable(once) == once);
  }
}

BOOST_AUTO_TEST_CASE(nan_has_no_sign) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(!std::signbit(detail::unsigned_nan(-nan)));
  BOOST_TEST(std::isnan(detail::unsigned_nan(-nan)));
  BOOST_TEST(detail::unsigned_nan(-1.5) == -1.5);
  BOOST_TEST(std::signbit(detail::unsigned_nan(-0.0)));
  BOOST_TEST(detail::text(-nan, ' ', -static_cast<float>(nan)) == "nan nan");
}

BOOST_AUTO_TEST_CASE(numbers_do_not_depend_on_the_global_locale) {
  const OtherLocale other;
  std::ostringstream grouped;
  grouped << 1234567 << ' ' << 0.5;
  BOOST_TEST(grouped.str() == "1.234.567 0,5");  // what the library must not write
  BOOST_TEST(detail::text(1234567, ' ', 0.5, ' ', 1234.5F) == "1234567 0.5 1234.5");
  detail::TextStream stream;
  stream << 1234567 << ' ' << 0.5;
  BOOST_TEST(stream.str() == "1234567 0.5");
}

BOOST_AUTO_TEST_CASE(errors_are_printable) {
  const SourceLine line = SourceLine::current();
  const std::string module = "mlp\x1b[2J";
  const ErrorPathScope path(&module, [](const void* object) { return *static_cast<const std::string*>(object); });
  BOOST_TEST(
      detail::error_sentence("Loss", "unknown loss \"a\nb\xff\"", line).starts_with("mlp\\x1b[2J: Loss: unknown loss \"a\\nb\\xff\" (at "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace chainrule::test
