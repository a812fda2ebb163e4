// Reductions of raw buffers of shape [outer, n, inner] over the middle axis. T is float or double. They run on several threads; the pieces
// depend only on the sizes, so the bits are the same on any number of threads. Sums are pairwise over blocks (error O(log n)).
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// The kinds of reduction.
enum class Reduction { sum, prod, max, min };

/// y[o, i] = the sum, the product, the maximum or the minimum of x[o, j, i] over j in [0, n). For n = 0 a sum is 0 and a product is 1;
/// maximum and minimum need n >= 1. They are NaN if an element is NaN.
template <class T>
void reduce(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y);

/// y[o, i] = the first j at which x[o, j, i] is largest (Reduction::max) or smallest (Reduction::min). NaN counts as both larger and
/// smaller than all numbers. n >= 1.
template <class T>
void reduce_arg(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, std::int64_t* y);

/// y[r] = log(sum over j of exp(x[r, j])), where the maximum of the row is subtracted before exp. It is -inf if all elements are -inf or d
/// = 0, and inf if one is inf.
template <class T>
void logsumexp_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// y[r, j] = exp(x[r, j] - max) / sum, with the maximum of row r and the sum over it.
template <class T>
void softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// y[r, j] = x[r, j] - logsumexp(x[r, :]).
template <class T>
void log_softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// gx = y · (g - sum over j of g·y): the gradient of softmax from its result y and the incoming gradient g.
template <class T>
void softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx);

/// gx = g - exp(y) · sum over j of g: the gradient of log_softmax from its result y and the incoming gradient g.
template <class T>
void log_softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx);

/// y[r] = x[r, labels[r]] - logsumexp(x[r, :]). Also stores the two parts of logsumexp(x[r, :]) = shifts[r] + logs[r], where shifts[r] is
/// the maximum of the row, or 0 if that is infinite. Writes nothing if d = 0.
template <class T>
void log_softmax_at(const T* x, const std::int64_t* labels, std::int64_t rows, std::int64_t d, T* y, T* shifts, T* logs);

/// gx[r, j] = g · (softmax(x[r, :])[j] - (j == labels[r])): the gradient of cross-entropy. g is the incoming gradient of each row; shifts
/// and logs come from log_softmax_at().
template <class T>
void cross_entropy_gradient_rows(const T* x, const std::int64_t* labels, const T* shifts, const T* logs, T g, std::int64_t rows,
                                 std::int64_t d, T* gx);

}  // namespace chainrule::kernels
