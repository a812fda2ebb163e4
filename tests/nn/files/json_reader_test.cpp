// JSON read piece by piece: what is told of each piece, in order, and of what is no JSON.
#include "nn/files/json_reader.h"

#include <boost/test/unit_test.hpp>
#include <clocale>
#include <cstdint>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

#include "autograd/base/text_stream.h"
#include "tests/autograd/base/throws.h"

namespace nn = chainrule::nn;
using chainrule::test::message_of;

namespace {

/// Records the calls it receives.
struct Notes final : nn::JsonHandler {
  chainrule::detail::TextStream all;
  std::string refused_key = {};

  void start_object() override { all << "{ "; }
  void end_object() override { all << "} "; }
  void start_array() override { all << "[ "; }
  void end_array() override { all << "] "; }
  void key(std::string& key) override {
    if (key == refused_key) throw std::out_of_range("the key " + key);
    all << key << ": ";
  }
  void null() override { all << "null "; }
  void boolean(bool value) override { all << (value ? "true " : "false "); }
  void number_integer(std::int64_t value) override { all << "i" << value << ' '; }
  void number_unsigned(std::uint64_t value) override { all << "u" << value << ' '; }
  void number_float(double value, const std::string& digits) override { all << "f" << value << '=' << digits << ' '; }
  void number_too_large(const std::string& digits) override { throw std::runtime_error(all.str() + "too large: " + digits); }
  void string(std::string& value) override { all << '\'' << value << "' "; }
  void parse_error(std::size_t position, std::string_view) override {
    throw std::runtime_error(all.str() + "error at " + std::to_string(position));
  }
};

std::string told(const std::string& text, const std::string& refused_key = "") {
  std::stringbuf bytes(text);
  Notes notes;
  notes.refused_key = refused_key;
  nn::read_json(bytes, notes);
  return notes.all.str();
}

std::string error(const std::string& text) {
  return message_of<std::runtime_error>([&] { told(text); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_reader)

BOOST_AUTO_TEST_CASE(pieces_come_in_the_order_of_the_file) {
  BOOST_TEST(told(R"({"b": [1, {"a": null}, []], "a": true, "c": "x"})") == "{ b: [ u1 { a: null } [ ] ] a: true c: 'x' } ");
  BOOST_TEST(told(" false ") == "false ");
  BOOST_TEST(told(R"("\u00e9\n\"")") == "'\xc3\xa9\n\"' ");
  BOOST_TEST(told(R"({"a": 1, "a": 2})") == "{ a: u1 a: u2 } ");  // whoever is told decides
}

BOOST_AUTO_TEST_CASE(numbers_are_told_by_how_they_are_written) {
  BOOST_TEST(told("[0, -0, -7, 18446744073709551615, -9223372036854775808]") ==
             "[ u0 i0 i-7 u18446744073709551615 i-9223372036854775808 ] ");
  BOOST_TEST(told("[1.0, 2.50, 1e2, -0.5]") == "[ f1=1.0 f2.5=2.50 f100=1e2 f-0.5=-0.5 ] ");
  BOOST_TEST(told("18446744073709551616") == "f1.84467e+19=18446744073709551616 ");
}

BOOST_AUTO_TEST_CASE(numbers_beyond_float64) {
  BOOST_TEST(told("[1e-999, -1.5e-400, 4e-324]") == "[ f0=1e-999 f-0=-1.5e-400 f4.94066e-324=4e-324 ] ");
  BOOST_TEST(error("[1, 1e999]") == "[ u1 too large: 1e999");
  BOOST_TEST(error("[-1.50e+400]") == "[ too large: -1.50e+400");
}

BOOST_AUTO_TEST_CASE(digits_do_not_depend_on_the_locale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"}) std::setlocale(LC_ALL, name);  // if there is one
  BOOST_TEST(told("[2.50]") == "[ f2.5=2.50 ] ");
  BOOST_TEST(error("[2.50e999]") == "[ too large: 2.50e999");
  std::setlocale(LC_ALL, before.c_str());
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_told_with_its_place) {
  BOOST_TEST(error("[1, 2") == "[ u1 u2 error at 6");
  BOOST_TEST(error("[1,]") == "[ u1 error at 4");
  BOOST_TEST(error("").ends_with("error at 1"));
  BOOST_TEST(error("{'a': 1}") == "{ error at 2");
  BOOST_TEST(error("[nan]") == "[ error at 3");
  BOOST_TEST(error("[1] 2") == "[ u1 ] error at 5");  // nothing may follow
}

BOOST_AUTO_TEST_CASE(what_the_handler_throws_comes_out) {
  BOOST_TEST(message_of<std::out_of_range>([] { told(R"({"a": 1, "b": 2})", "b"); }) == "the key b");
}

BOOST_AUTO_TEST_SUITE_END()
