#include "autograd/check.h"

#include <stdexcept>

#include "autograd/context.h"

namespace chainrule::detail {
namespace {

std::string sentence(const char* op, const std::string& message, const SourceLine& line) {
  std::string path = PlaceScope::path();
  if (!path.empty()) path += ": ";
  return path + op + ": " + message + " (at " + line_text(blame(line)) + ")";
}

}  // namespace

void throw_invalid(const char* op, const std::string& message, const SourceLine& line) {
  throw std::invalid_argument(sentence(op, message, line));
}

void throw_misuse(const char* op, const std::string& message, const SourceLine& line) {
  throw std::logic_error(sentence(op, message, line));
}

int checked_axis(const char* op, std::int64_t axis, int rank, const SourceLine& line) {
  if (axis < -rank || axis >= rank)
    throw_invalid(
        op,
        text("axis ", axis, " is out of range for a tensor of rank ", rank, rank == 0 ? "" : text(", expected ", -rank, " to ", rank - 1)),
        line);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

}  // namespace chainrule::detail
