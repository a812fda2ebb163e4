// How errors are made: one sentence naming the module's path, the op, what it got, what it expected and the user's line.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

#include "autograd/base/caller.h"
#include "autograd/base/dtype.h"
#include "autograd/base/shape.h"

namespace chainrule::detail {

template <class T>
void print_part(std::ostream& out, const void* part) {
  out << *static_cast<const T*>(part);
}
extern template void print_part<const char*>(std::ostream&, const void*);
extern template void print_part<std::string>(std::ostream&, const void*);
extern template void print_part<std::string_view>(std::ostream&, const void*);
extern template void print_part<int>(std::ostream&, const void*);
extern template void print_part<std::int64_t>(std::ostream&, const void*);
extern template void print_part<std::size_t>(std::ostream&, const void*);
extern template void print_part<double>(std::ostream&, const void*);
extern template void print_part<DType>(std::ostream&, const void*);
extern template void print_part<Shape>(std::ostream&, const void*);

// The letters up to a 0.
void print_letters(std::ostream& out, const void* letters);

/// Something that prints, wherever it is. Never store one.
struct TextPart {
  template <class T>
  TextPart(const T& value) noexcept : part(std::addressof(value)), print(print_part<T>) {}
  template <std::size_t n>
  TextPart(const char (&letters)[n]) noexcept : part(letters), print(print_letters) {}

  const void* part;
  void (*print)(std::ostream& out, const void* part);
};

std::string join(std::initializer_list<TextPart> parts);

/// The parts, one after another, as text. Always inline, as else each list of types would have a function in every file.
template <class... Parts>
[[gnu::always_inline]] inline std::string text(const Parts&... parts) {
  return join({parts...});
}

/// @throws std::invalid_argument "path: op: message (at file:line)", the line in force going before the one given.
[[noreturn]] void throw_invalid(const char* op, const std::string& message, const SourceLine& line);

/// The same as std::logic_error: the caller misused a state.
[[noreturn]] void throw_misuse(const char* op, const std::string& message, const SourceLine& line);

/// The axis counted from the front.
/// @throws std::invalid_argument where a rank has no such axis.
int checked_axis(const char* op, std::int64_t axis, int rank, const SourceLine& line);

}  // namespace chainrule::detail
