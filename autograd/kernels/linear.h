// A dense layer's arithmetic: products with what comes before and after them, shared among threads in one go. T is float or double.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// x is [n, d_in], the weight [d_in, d_out], the bias [d_out] and y [n, d_out].
struct LinearSizes {
  std::int64_t n, d_in, d_out;
};

/// y = x·weight + bias (`bias` null: nothing), or relu of that.
template <class T>
void linear(const LinearSizes& sizes, const T* x, const T* weight, const T* bias, bool relu, T* y);

/// The gradients of linear from that of y, `g`: gx = g·weightᵀ, gw = xᵀ·g, gb = the sum of g's rows; those that are null are left out, and
/// what only they need may be null. Of relu(x·weight + bias) where `y`, its result, is given: g counts only where y > 0; `masked` is room
/// for as many values.
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
