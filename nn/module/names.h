// Looks up what text names ("relu", "adam") in a table; an unknown name is answered with the known.
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

/// @throws std::invalid_argument `op: unknown what "name", known are a, b, c`.
template <class T, std::size_t n>
const T& find_named(const char* op, const char* what, const Named<T> (&table)[n], std::string_view name, const SourceLine& line) {
  std::string known;
  for (const Named<T>& entry : table) {
    if (entry.name == name) return entry.value;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  detail::throw_invalid(op, detail::text("unknown ", what, " \"", name, "\", known are ", known), line);
}

}  // namespace chainrule::nn
