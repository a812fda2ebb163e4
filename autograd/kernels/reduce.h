// Reductions over raw buffers seen as [outer, n, inner]: the middle axis goes. T is float or double. Parallel inside, over pieces
// cut by the sizes alone, so the bits are the same on any number of threads. Sums are pairwise over blocks (error O(log n)).
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// What becomes of the elements.
enum class Reduction { sum, prod, max, min };

/// y[o, i] = the sum, the product, the largest or the smallest x[o, j, i] over j in [0, n). Of none a sum is 0 and a product 1; the others
/// want n >= 1 and are NaN if an element is.
template <class T>
void reduce(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y);

/// y[o, i] = the first j at which x[o, j, i] is largest or smallest (Reduction::max, min), NaN before all. n >= 1.
template <class T>
void reduce_arg(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, std::int64_t* y);

/// y[r] = log(sum over j of exp(x[r, j])), stable: shifted by the row's maximum. -inf where all are -inf or d = 0; inf where one is inf.
template <class T>
void logsumexp_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// y[r, j] = exp(x[r, j] - max) / sum, a distribution in every row.
template <class T>
void softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// y[r, j] = x[r, j] - logsumexp(x[r, :]).
template <class T>
void log_softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// gx = y · (g - sum over j of g·y): softmax's gradient from its result y and the incoming g.
template <class T>
void softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx);

/// gx = g - exp(y) · sum over j of g: log_softmax's gradient from its result y and the incoming g.
template <class T>
void log_softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx);

/// y[r] = x[r, labels[r]] - logsumexp(x[r, :]), and what that is made of: logsumexp is shifts[r] + logs[r], shifts[r] being the maximum.
/// Nothing is written where d is 0.
template <class T>
void log_softmax_at(const T* x, const std::int64_t* labels, std::int64_t rows, std::int64_t d, T* y, T* shifts, T* logs);

/// gx[r, j] = g · (softmax(x[r, :])[j] - (j == labels[r])): cross-entropy's gradient, g being what comes in for each row, from the shifts
/// and logs of log_softmax_at.
template <class T>
void cross_entropy_gradient_rows(const T* x, const std::int64_t* labels, const T* shifts, const T* logs, T g, std::int64_t rows,
                                 std::int64_t d, T* gx);

}  // namespace chainrule::kernels
