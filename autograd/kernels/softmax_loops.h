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
  /// y = x - v[r], and -inf at the first element of the row that equals v[r]. Returns the number of rows that have such an element.
  std::int64_t (*shift_without)(const T* x, const T* v, std::int64_t rows, std::int64_t d, T* y);
  void (*divide)(const T* x, const T* v, std::int64_t rows, std::int64_t d, T* y);  ///< y = x / v[r]; y may be x
  void (*dot)(const T* a, const T* b, std::int64_t rows, std::int64_t d, T* y);     ///< y[r] = sum of a·b
  /// gx = y · (g - dots[r]), where dots[r] is the sum over j of g·y and the sum over j of y is 1. If an element of y is above 1/2, both
  /// are computed from g less the g of that element, which keeps the digits of 1 - y.
  void (*softmax_gradient)(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* dots, T* gx);
  /// gx = g - e · sums[r], where sums[r] is the sum over j of g and the sum over j of e is 1. At an element of e above 1/2 it is
  /// g · (sum of the other e) - e · (sum of the other g), which keeps the digits of 1 - e. gx may be e.
  void (*log_softmax_gradient)(const T* g, const T* e, std::int64_t rows, std::int64_t d, T* sums, T* gx);
  /// y[r] = g · (e[labels[r]] - 1): the elements at the labels of g · e - one_hot(labels) · g, with the bits of log_softmax_gradient.
  void (*at_labels)(const T* e, const std::int64_t* labels, T g, std::int64_t rows, std::int64_t d, T* y);
};

/// Returns the loops in the best instruction set of this processor.
template <class T>
const SoftmaxLoops<T>& softmax_loops() noexcept;

}  // namespace chainrule::kernels::detail
