// The loops inside the softmax family that have one value a row, in the best instruction set this processor has. Serial.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels::detail {

template <class T>
struct SoftmaxLoops {
  /// y = x - v[r] - w[r], where w is not null; y may be x.
  void (*shift)(const T* x, const T* v, const T* w, std::int64_t rows, std::int64_t d, T* y);
  void (*divide)(const T* x, const T* v, std::int64_t rows, std::int64_t d, T* y);                             ///< y = x / v[r]; y may be x
  void (*dot)(const T* a, const T* b, std::int64_t rows, std::int64_t d, T* y);                                ///< y[r] = sum of a·b
  void (*softmax_gradient)(const T* g, const T* y, const T* v, std::int64_t rows, std::int64_t d, T* gx);      ///< y · (g - v[r])
  void (*log_softmax_gradient)(const T* g, const T* e, const T* v, std::int64_t rows, std::int64_t d, T* gx);  ///< g - e · v[r]
};

template <class T>
const SoftmaxLoops<T>& softmax_loops() noexcept;

}  // namespace chainrule::kernels::detail
