// Functions that check arguments and throw errors: one sentence with module path, op, values received and expected, and the user's line.
// Internal header: not installed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "autograd/base/caller.h"
#include "autograd/base/dtype.h"
#include "autograd/base/printable.h"
#include "autograd/base/shape.h"

namespace chainrule::detail {

// Writes *part, an object of type T.
template <class T>
void print_part(std::ostream& out, const void* part) {
  if constexpr (std::is_floating_point_v<T>) {
    out << unsigned_nan(*static_cast<const T*>(part));
  } else {
    out << *static_cast<const T*>(part);
  }
}
extern template void print_part<const char*>(std::ostream&, const void*);
extern template void print_part<std::string>(std::ostream&, const void*);
extern template void print_part<std::string_view>(std::ostream&, const void*);
extern template void print_part<int>(std::ostream&, const void*);
extern template void print_part<std::int64_t>(std::ostream&, const void*);
extern template void print_part<std::size_t>(std::ostream&, const void*);
extern template void print_part<double>(std::ostream&, const void*);
extern template void print_part<float>(std::ostream&, const void*);
extern template void print_part<DType>(std::ostream&, const void*);
extern template void print_part<Shape>(std::ostream&, const void*);

// Writes a string that ends in a null character.
void print_letters(std::ostream& out, const void* letters);

/// A pointer to a printable object and the function that prints it. Use it as a parameter only: it does not own the object.
struct TextPart {
  template <class T>
  TextPart(const T& value) noexcept : part(std::addressof(value)), print(print_part<T>) {}
  template <std::size_t n>
  TextPart(const char (&letters)[n]) noexcept : part(letters), print(print_letters) {}

  const void* part;
  void (*print)(std::ostream& out, const void* part);
};

// Returns the parts printed one after another.
std::string join(std::initializer_list<TextPart> parts);

/// Returns the parts printed one after another. Always inline: otherwise every combination of argument types would add a function to every
/// object file.
template <class... Parts>
[[gnu::always_inline]] inline std::string text(const Parts&... parts) {
  return join({parts...});
}

/// Returns "path: op: message (at file:line)", printable, with the line of the CallerScope in effect or otherwise the line given.
std::string error_sentence(const char* op, const std::string& message, const SourceLine& line);

/// Throws error_sentence().
/// @throws std::invalid_argument always.
[[noreturn]] void throw_invalid(const char* op, const std::string& message, const SourceLine& line);

/// Same as throw_invalid(), for calls that are wrong in the current state of an object.
/// @throws std::logic_error always.
[[noreturn]] void throw_misuse(const char* op, const std::string& message, const SourceLine& line);

/// Throws "path: op: a result of DTYPE[SHAPE] takes BYTES, which could not be allocated (at file:line)".
/// @throws std::bad_alloc always; what() is the sentence.
[[noreturn]] void throw_memory(const char* op, DType dtype, const Shape& shape, const SourceLine& line);

/// Returns a + b and a · b for sizes of a Tensor.
/// @throws std::invalid_argument if the result is too large for std::int64_t.
/// @{
std::int64_t size_sum(const char* op, std::int64_t a, std::int64_t b, const SourceLine& line);
std::int64_t size_product(const char* op, std::int64_t a, std::int64_t b, const SourceLine& line);
/// @}

/// Returns the axis counted from the front, of a Tensor that has these sizes and `more` axes.
/// @throws std::invalid_argument if it has no such axis.
int checked_axis(const char* op, std::int64_t axis, std::span<const std::int64_t> sizes, const SourceLine& line, int more = 0);

}  // namespace chainrule::detail
