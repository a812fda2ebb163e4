// Reads JSON piece by piece.
// Internal header: not installed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <streambuf>
#include <string>
#include <string_view>

namespace chainrule::nn {

/// What read_json() tells of each piece, in the order of the file. It may throw.
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
  /// One that is written with a minus.
  virtual void number_integer(std::int64_t value) = 0;
  virtual void number_unsigned(std::uint64_t value) = 0;
  /// `digits` are the file's, but for the decimal point, which is as the locale has it.
  virtual void number_float(double value, const std::string& digits) = 0;
  virtual void string(std::string& value) = 0;
  /// What comes here is not JSON, or beyond float64; positions count from 1. Throws.
  virtual void parse_error(std::size_t position, std::string_view words) = 0;

 protected:
  ~JsonHandler() = default;
};

/// Reads one value and nothing behind it.
void read_json(std::streambuf& bytes, JsonHandler& handler);

}  // namespace chainrule::nn
