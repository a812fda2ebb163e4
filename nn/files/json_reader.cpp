#include "nn/files/json_reader.h"

#include <locale.h>

#include <istream>
#include <new>
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
  bool number_float(double value, const std::string& digits) { return handler_.number_float(value, digits), true; }
  bool string(std::string& value) { return handler_.string(value), true; }
  bool binary(std::vector<std::uint8_t>&) { return false; }  // not in JSON
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception& error) {
    constexpr int kNumberOverflow = 406;
    if (error.id == kNumberOverflow) return handler_.number_too_large(token), false;
    return handler_.parse_error(position, error.what()), false;
  }

 private:
  JsonHandler& handler_;
};

// While it lives, this thread is in the C locale. The parser converts numbers by strtod() of the locale in force, and fails if that has a
// decimal point of several bytes.
class ClassicCLocale {
 public:
  ClassicCLocale() : classic_(newlocale(LC_ALL_MASK, "C", locale_t{})), before_(uselocale(classic_)) {
    if (classic_ == locale_t{}) throw std::bad_alloc();
  }
  ~ClassicCLocale() {
    uselocale(before_);
    freelocale(classic_);
  }
  ClassicCLocale(const ClassicCLocale&) = delete;
  ClassicCLocale& operator=(const ClassicCLocale&) = delete;

 private:
  locale_t classic_, before_;
};

}  // namespace

void read_json(std::streambuf& bytes, JsonHandler& handler) {
  const ClassicCLocale classic;
  std::istream stream(&bytes);
  Events events(handler);
  nlohmann::json::sax_parse(stream, &events);
}

}  // namespace chainrule::nn
