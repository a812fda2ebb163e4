// The arithmetic of a dense layer and its gradients: matrix products together with bias and relu, with a single fork. T is float or double.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// The sizes: x is [n, d_in], the weight [d_in, d_out], the bias [d_out] and y [n, d_out].
struct LinearSizes {
  std::int64_t n, d_in, d_out;
};

/// y = x·weight + bias, or relu of that if `relu` is set. `bias` may be null.
template <class T>
void linear(const LinearSizes& sizes, const T* x, const T* weight, const T* bias, bool relu, T* y);

/// The gradients of linear() from the gradient g of y: gx = g·weightᵀ, gw = xᵀ·g and gb = the sum of the rows of g. Results that are null
/// are not computed, and operands needed only for them may be null. If `y` is given, these are the gradients of y = relu(x·weight + bias):
/// g is replaced by 0 where y <= 0, and `masked` is a buffer of the size of g for that.
template <class T>
struct LinearGradients {
  const T *x, *weight, *g;
  T *gx, *gw, *gb;
  const T* y = nullptr;
  T* masked = nullptr;
};
template <class T>
void linear_gradients(const LinearSizes& sizes, const LinearGradients<T>& what);

}  // namespace chainrule::kernels
