// How errors are made: one sentence naming the module's path, the op, what it got, what it expected and the user's line. Internal.
#pragma once

#include <sstream>
#include <string>

#include "autograd/caller.h"

namespace chainrule::detail {

/// The parts, one after another, as text.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// @throws std::invalid_argument "path: op: message (at file:line)", the line in force going before the one given.
[[noreturn]] void throw_invalid(const char* op, const std::string& message, const SourceLine& line);

/// The same as std::logic_error: the caller misused a state.
[[noreturn]] void throw_misuse(const char* op, const std::string& message, const SourceLine& line);

/// The axis counted from the front.
/// @throws std::invalid_argument where a rank has no such axis.
int checked_axis(const char* op, std::int64_t axis, int rank, const SourceLine& line);

}  // namespace chainrule::detail
