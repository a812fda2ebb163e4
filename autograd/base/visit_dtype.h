// Calls a generic function with the C++ type that corresponds to a DType known only at run time.
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/base/dtype.h"

namespace chainrule::detail {

/// Calls `f.operator()<T>()` with T = float or double: `visit_floating(dtype, [&]<class T>() { ... })`.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_floating(DType dtype, F&& f) {
  return dtype == DType::float32 ? f.template operator()<float>() : f.template operator()<double>();
}

/// Calls `f.operator()<T>()` with T = float, double or std::int64_t.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_dtype(DType dtype, F&& f) {
  if (dtype == DType::int64) return f.template operator()<std::int64_t>();
  return visit_floating(dtype, f);
}

/// Calls `f.operator()<Word>()` with an unsigned integer as wide as the dtype, for ops that move elements without computing with them.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_width(DType dtype, F&& f) {
  return dtype_size(dtype) == 4 ? f.template operator()<std::uint32_t>() : f.template operator()<std::uint64_t>();
}

}  // namespace chainrule::detail
