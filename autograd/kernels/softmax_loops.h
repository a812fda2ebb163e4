// The loops of the softmax family that use one value for each row, in the best instruction set of this processor. They run on one thread.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels::detail {

/// The loops for one type; r is the index of the row.
template <class T>
struct SoftmaxLoops {
  /// y = x - v[r] - w[r], or x - v[r] if w is null; y may be x.
  void (*shift)(const T* x, const T* v, const T* w, std::int64_t rows, std::int64_t d, T* y);
  void (*divide)(const T* x, const T* v, std::int64_t rows, std::int64_t d, T* y);                             ///< y = x / v[r]; y may be x
  void (*dot)(const T* a, const T* b, std::int64_t rows, std::int64_t d, T* y);                                ///< y[r] = sum of a·b
  void (*softmax_gradient)(const T* g, const T* y, const T* v, std::int64_t rows, std::int64_t d, T* gx);      ///< y · (g - v[r])
  void (*log_softmax_gradient)(const T* g, const T* e, const T* v, std::int64_t rows, std::int64_t d, T* gx);  ///< g - e · v[r]
};

/// Returns the loops in the best instruction set of this processor.
template <class T>
const SoftmaxLoops<T>& softmax_loops() noexcept;

}  // namespace chainrule::kernels::detail
