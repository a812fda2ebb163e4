#include "nn/files/json_reader.h"

#include <istream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chainrule::nn {
namespace {

// The interface that the JSON parser requires. All handlers use this one type, so that the parser's template is instantiated only once.
class Events {
 public:
  explicit Events(JsonHandler& handler) : handler_(handler) {}

  bool start_object(std::size_t) { return handler_.start_object(), true; }
  bool end_object() { return handler_.end_object(), true; }
  bool start_array(std::size_t) { return handler_.start_array(), true; }
  bool end_array() { return handler_.end_array(), true; }
  bool key(std::string& key) { return handler_.key(key), true; }
  bool null() { return handler_.null(), true; }
  bool boolean(bool value) { return handler_.boolean(value), true; }
  bool number_integer(std::int64_t value) { return handler_.number_integer(value), true; }
  bool number_unsigned(std::uint64_t value) { return handler_.number_unsigned(value), true; }
  bool number_float(double value, const std::string& digits) { return handler_.number_float(value, with_point(digits)), true; }
  bool string(std::string& value) { return handler_.string(value), true; }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // not in JSON
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) return handler_.number_too_large(with_point(token)), false;
    return handler_.parse_error(position, error.what()), false;
  }

 private:
  // The parser writes the decimal point of the current locale.
  static std::string with_point(std::string digits) {
    const std::size_t point = digits.find_first_not_of("0123456789+-eE");
    if (point != std::string::npos) digits[point] = '.';
    return digits;
  }

  JsonHandler& handler_;
};

}  // namespace

void read_json(std::streambuf& bytes, JsonHandler& handler) {
  std::istream stream(&bytes);
  Events events(handler);
  nlohmann::json::sax_parse(stream, &events);
}

}  // namespace chainrule::nn
