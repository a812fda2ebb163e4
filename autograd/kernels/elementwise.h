// Loops over raw buffers, one result an element, in SIMD chosen at run time. T is float or double. Serial: callers cut the work.
// The result may be written over an operand (y == x); other overlap is not allowed.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// y[i] = f(x[i]) for i in [0, n).
template <class T>
using UnaryLoop = void (*)(const T* x, T* y, std::int64_t n);

/// y[i] = f(a[i·a_step], b[i·b_step]); a step is 1, or 0 to use one value throughout.
template <class T>
using BinaryLoop = void (*)(const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y, std::int64_t n);

/// The loops for one type. An element's bits do not depend on its position or on n. NaN, infinities, zeros and overflow are as std:: has
/// them; elsewhere results are within 1 ULP of the exact one (pow, tanh and the like included), 2 on processors that SLEEF has no vectors
/// for. Loops made of arithmetic and comparisons give the same bits on all processors.
template <class T>
struct Elementwise {
  UnaryLoop<T> neg, abs, square, sqrt, reciprocal, floor, ceil;
  UnaryLoop<T> rsqrt;  ///< 1 / sqrt(x), rounded twice: within 1.5 ULP
  UnaryLoop<T> round;  ///< halves to even
  UnaryLoop<T> sign;   ///< -1, 0 or 1; NaN at NaN
  UnaryLoop<T> exp, expm1, log, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, erf;
  UnaryLoop<T> relu;                                 ///< max(x, 0), NaN at NaN
  UnaryLoop<T> sigmoid;                              ///< 1 / (1 + exp(-x)), no overflow, within 2.5 ULP at both ends
  UnaryLoop<T> softplus;                             ///< log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)), within 1.5 ULP
  UnaryLoop<T> isnan, isinf, isfinite, logical_not;  ///< 1 or 0

  BinaryLoop<T> add, sub, mul, div, pow, atan2;
  BinaryLoop<T> hypot;      ///< sqrt(a² + b²), within 1.5 ULP, overflowing only where the result does; of an infinity and NaN infinite
  BinaryLoop<T> logaddexp;  ///< log(exp(a) + exp(b)) = max(a, b) + log1p(exp(-|a - b|)); off by at most 1.5 ULP of max(|y|, 1)
  BinaryLoop<T> maximum, minimum;        ///< NaN if either is NaN
  BinaryLoop<T> eq, ne, lt, le, gt, ge;  ///< 1 or 0; with NaN 0, ne 1
  BinaryLoop<T> logical_and, logical_or;
  BinaryLoop<T> threshold;         ///< a where b > 0, else 0: relu's gradient, a being the incoming one
  BinaryLoop<T> sigmoid_gradient;  ///< a · b · (1 - b), b being sigmoid's result
  BinaryLoop<T> tanh_gradient;     ///< a · (1 - b²), b being tanh's result

  void (*where)(const T* condition, std::int64_t condition_step, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y,
                std::int64_t n);                                   ///< a where condition != 0, else b
  void (*clamp)(const T* x, T low, T high, T* y, std::int64_t n);  ///< NaN stays NaN
  void (*fill)(T value, T* y, std::int64_t n);
  void (*axpy)(T scale, const T* x, T* y, std::int64_t n);                              ///< y += scale·x
  void (*add_rows)(const T* x, const T* row, T* y, std::int64_t rows, std::int64_t d);  ///< y[r, :] = x[r, :] + row
  /// y[r·stride + i] += row[i], `row` being null for nothing; then max(y, 0) in its place, if `relu`: what add_rows and relu give.
  void (*finish_rows)(const T* row, bool relu, T* y, std::int64_t stride, std::int64_t rows, std::int64_t d);
  void (*convert_u8)(const std::uint8_t* x, T scale, T shift, T* y, std::int64_t n);  ///< y = x·scale + shift, in that order of rounding
};

/// The loops in the best instruction set this processor has.
template <class T>
const Elementwise<T>& elementwise() noexcept;

/// Makes elementwise() choose anew: for tests that have Highway pretend to other processors.
void forget_elementwise_choice() noexcept;

}  // namespace chainrule::kernels
