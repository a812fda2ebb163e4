// Looks up names such as "relu" or "adam" in a table; the error for an unknown name lists the known ones.
// Internal header: not installed.
#pragma once

#include <string>
#include <string_view>

#include "autograd/base/check.h"

namespace chainrule::nn {

template <class T>
struct Named {
  std::string_view name;
  T value;
};

/// Returns the value with this name.
/// @throws std::invalid_argument `op: unknown what "name", known names: a, b, c` if the table does not contain the name.
template <class T, std::size_t n>
const T& find_named(const char* op, const char* what, const Named<T> (&table)[n], std::string_view name, const SourceLine& line) {
  std::string known;
  for (const Named<T>& entry : table) {
    if (entry.name == name) return entry.value;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  detail::throw_invalid(op, detail::text("unknown ", what, " \"", name, "\", known names: ", known), line);
}

}  // namespace chainrule::nn
