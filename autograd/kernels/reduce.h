// Reductions of raw buffers of shape [outer, n, inner] over the middle axis. T is float, double or std::int64_t. They run on several
// threads; the pieces depend only on the sizes, so the bits are the same on any number of threads. Sums of floats are pairwise over blocks
// (error O(log n)); sums and products of integers wrap around.
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

/// y[o, j, i] = grad[o, i] · the product of x[o, k, i] over all k other than j: the gradient of a product. There is no division, so zeros
/// are no special case. y is not x.
template <class T>
void product_gradient(const T* x, const T* grad, std::int64_t outer, std::int64_t n, std::int64_t inner, T* y);

/// y[o, i] = the first j at which x[o, j, i] is largest (Reduction::max) or smallest (Reduction::min). NaN counts as both larger and
/// smaller than all numbers. n >= 1.
template <class T>
void reduce_arg(Reduction kind, const T* x, std::int64_t outer, std::int64_t n, std::int64_t inner, std::int64_t* y);

}  // namespace chainrule::kernels
