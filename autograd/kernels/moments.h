// Means, centering and sums of squares of raw buffers of shape [outer, n, inner] over the middle axis. T is float or double. They run on
// several threads; the pieces depend only on the sizes, so the bits are the same on any number of threads.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// y[o, i] = the mean of x[o, j, i] over j, also where the sum overflows; NaN for n = 0. Within 1 ulp for floats of the same sign.
void mean(const float* x, std::int64_t outer, std::int64_t n, std::int64_t inner, float* y);
void mean(const double* x, std::int64_t outer, std::int64_t n, std::int64_t inner, double* y);

/// y[o, j, i] = x[o, j, i] - the mean of x[o, :, i]. A second pass subtracts the mean of the differences, so that the rounding of the first
/// mean, which is relative to the size of x, does not stay in them; the differences of equal elements are exactly 0. y may be x.
template <class T>
void center(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y);

/// y[o, i] = (sum over j of x[o, j, i]²) / divisor.
template <class T>
void mean_of_squares(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, double divisor, T* y);

/// y[o, i] = sqrt((sum over j of x[o, j, i]²) / divisor + epsilon), also where the squares overflow or underflow.
template <class T>
void root_of_squares(const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, double divisor, double epsilon, T* y);

}  // namespace chainrule::kernels
