// The softmax family on rows of raw buffers, d elements each. T is float or double. They run on several threads; the pieces depend only on
// the sizes, so the bits are the same on any number of threads.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// y[r] = log(sum over j of exp(x[r, j])), where the maximum of the row is subtracted before exp. It is -inf if all elements are -inf or d
/// = 0, and inf if one is inf.
template <class T>
void logsumexp_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// gx[r, j] = g[r] · exp(x[r, j] - y[r]): the gradient of logsumexp from its result y and the incoming gradient g. If y is infinite, the
/// elements equal to it get equal shares. It is 0 where g is 0.
template <class T>
void logsumexp_gradient_rows(const T* g, const T* x, const T* y, std::int64_t rows, std::int64_t d, T* gx);

/// y[r, j] = exp(x[r, j] - max) / sum, with the maximum of row r and the sum over it. A row with one inf is 1 there and 0 elsewhere; a row
/// with several, or of -inf only, is NaN.
template <class T>
void softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// y[r, j] = x[r, j] - logsumexp(x[r, :]). A row with one inf is 0 there and -inf elsewhere.
template <class T>
void log_softmax_rows(const T* x, std::int64_t rows, std::int64_t d, T* y);

/// gx = y · (g - sum over j of g·y): the gradient of softmax from its result y and the incoming gradient g. A row of g
/// that is 0 gives 0.
template <class T>
void softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx);

/// gx = g - exp(y) · sum over j of g: the gradient of log_softmax from its result y and the incoming gradient g. A row of
/// g that is 0 gives 0.
template <class T>
void log_softmax_gradient_rows(const T* g, const T* y, std::int64_t rows, std::int64_t d, T* gx);

/// y[r] = x[r, labels[r]] - logsumexp(x[r, :]). Also stores the two parts of logsumexp(x[r, :]) = shifts[r] + logs[r], where shifts[r] is
/// the maximum of the row, or 0 if that is infinite. Writes nothing if d = 0.
template <class T>
void log_softmax_at(const T* x, const std::int64_t* labels, std::int64_t rows, std::int64_t d, T* y, T* shifts, T* logs);

/// gx[r, j] = g · (softmax(x[r, :])[j] - (j == labels[r])): the gradient of cross-entropy. g is the incoming gradient of each row; shifts
/// and logs come from log_softmax_at(). It is 0 where g is 0.
template <class T>
void cross_entropy_gradient_rows(const T* x, const std::int64_t* labels, const T* shifts, const T* logs, T g, std::int64_t rows,
                                 std::int64_t d, T* gx);

}  // namespace chainrule::kernels
