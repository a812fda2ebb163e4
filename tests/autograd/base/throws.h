// Messages of exceptions, as text to compare.
#pragma once

#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>

namespace chainrule::test {

/// The message of an exception of type E that f throws; "no exception" or "another exception: ..." otherwise.
template <class E, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  return "no exception";
}

/// The message of the std::invalid_argument that f throws.
template <class F>
std::string refused(F&& f) {
  return message_of<std::invalid_argument>(f);
}

/// " (at FILE:LINE)" as errors end, for a line of the caller's file; without a line, for the caller's own.
inline std::string at_line(unsigned line = 0, std::source_location caller = std::source_location::current()) {
  std::string name = caller.file_name();
  if (const auto slash = name.find_last_of('/'); slash != std::string::npos) name.erase(0, slash + 1);
  return " (at " + name + ":" + std::to_string(line == 0 ? caller.line() : line) + ")";
}

}  // namespace chainrule::test
