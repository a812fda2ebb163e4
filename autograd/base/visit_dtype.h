// Calls a generic function with the C++ type that corresponds to a DType known only at run time.
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/base/dtype.h"

namespace chainrule::detail {

/// Calls f(T{}) with T = float or double.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_floating(DType dtype, F&& f) {
  return dtype == DType::float32 ? f(float{}) : f(double{});
}

/// Calls f(T{}) with T = float, double or std::int64_t.
template <class F>
[[gnu::always_inline]] inline decltype(auto) visit_dtype(DType dtype, F&& f) {
  if (dtype == DType::int64) return f(std::int64_t{});
  return visit_floating(dtype, f);
}

}  // namespace chainrule::detail
