// A streaming JSON reader.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <streambuf>
#include <string>
#include <string_view>

namespace chainrule::nn {

/// Receives the events of read_json() in the order of the file. Its functions may throw.
class JsonHandler {
 public:
  JsonHandler() = default;
  JsonHandler(const JsonHandler&) = delete;
  JsonHandler& operator=(const JsonHandler&) = delete;

  virtual void start_object() = 0;
  virtual void end_object() = 0;
  virtual void start_array() = 0;
  virtual void end_array() = 0;
  virtual void key(std::string& key) = 0;
  virtual void null() = 0;
  virtual void boolean(bool value) = 0;
  /// A number written with a minus sign and no fraction or exponent.
  virtual void number_integer(std::int64_t value) = 0;
  virtual void number_unsigned(std::uint64_t value) = 0;
  /// A number written with a fraction or exponent, or an integer of more than 64 bits. `digits` is its text.
  virtual void number_float(double value, const std::string& digits) = 0;
  /// A number that is too large for float64. This function must throw.
  virtual void number_too_large(const std::string& digits) = 0;
  virtual void string(std::string& value) = 0;
  /// Called if the input is not JSON. Positions count from 1. This function must throw.
  virtual void parse_error(std::size_t position, std::string_view words) = 0;

 protected:
  ~JsonHandler() = default;
};

/// Reads one JSON value, which must be followed by nothing but white space.
void read_json(std::streambuf& bytes, JsonHandler& handler);

}  // namespace chainrule::nn
