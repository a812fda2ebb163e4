// Elementwise loops over raw buffers, in SIMD code chosen at run time. T is float or double. The loops run on one thread; callers divide
// the work. The result may overwrite an operand (y == x); other overlaps are not allowed.
// Internal header: not installed.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// y[i] = f(x[i]) for i in [0, n).
template <class T>
using UnaryLoop = void (*)(const T* x, T* y, std::int64_t n);

/// y[i] = f(a[i·a_step], b[i·b_step]). A step is 1, or 0 for an operand that is a single value.
template <class T>
using BinaryLoop = void (*)(const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y, std::int64_t n);

/// The loops for one type. The bits of an element do not depend on its position or on n. Results for NaN, infinities, zeros and overflow
/// are those of the functions in <cmath>. Other results, also those of pow, tanh and the like, are within 1 ULP of the exact one (2 ULP on
/// processors for which SLEEF has no vector functions). Loops that consist of arithmetic and comparisons give the same bits on all
/// processors.
template <class T>
struct Elementwise {
  UnaryLoop<T> neg, abs, square, sqrt, reciprocal, floor, ceil;
  UnaryLoop<T> rsqrt;  ///< 1 / sqrt(x), rounded twice: within 1.5 ULP
  UnaryLoop<T> round;  ///< halfway cases to even
  UnaryLoop<T> sign;   ///< -1, 0 or 1; NaN at NaN
  UnaryLoop<T> exp, expm1, log, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, erf;
  UnaryLoop<T> one_minus_square;  ///< (1 - x)·(1 + x), within 1.5 ULP
  UnaryLoop<T> gaussian;          ///< exp(-x²), within 2 ULP also far out
  UnaryLoop<T> normal_density;    ///< exp(-x²/2) / sqrt(2π), within 3.5 ULP
  UnaryLoop<T> normal_cdf;        ///< erfc(-x / sqrt(2)) / 2, the distribution function of the standard normal distribution, within 4 ULP
  UnaryLoop<T> relu;              ///< max(x, 0), NaN at NaN
  UnaryLoop<T> sigmoid;           ///< 1 / (1 + exp(-x)) without overflow, within 2.5 ULP for every x
  UnaryLoop<T> softplus;          ///< log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)), within 1.5 ULP
  UnaryLoop<T> isnan, isinf, isfinite, logical_not;  ///< 1 or 0

  BinaryLoop<T> add, sub, mul, div, pow, atan2;
  BinaryLoop<T> hypot;                   ///< sqrt(a² + b²), error at most 1.5 ULP; inf if a or b is infinite, even if the other is NaN
  BinaryLoop<T> logaddexp;               ///< log(exp(a) + exp(b)); error at most 1.5 ULP of max(|y|, 1)
  BinaryLoop<T> maximum, minimum;        ///< NaN if either is NaN
  BinaryLoop<T> eq, ne, lt, le, gt, ge;  ///< 1 or 0; if an operand is NaN, ne is 1 and the others are 0
  BinaryLoop<T> logical_and, logical_or;
  BinaryLoop<T> threshold;         ///< a where b > 0, else 0: the gradient of relu if a is the incoming gradient
  BinaryLoop<T> sigmoid_gradient;  ///< a · sigmoid(b) · sigmoid(-b): the gradient of sigmoid at b; within 6 ULP also far out
  BinaryLoop<T> tanh_gradient;     ///< a / cosh²(b): the gradient of tanh at b; within 6 ULP also far out

  void (*where)(const T* condition, std::int64_t condition_step, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y,
                std::int64_t n);                                   ///< a where condition != 0, else b
  void (*clamp)(const T* x, T low, T high, T* y, std::int64_t n);  ///< NaN stays NaN
  void (*fill)(T value, T* y, std::int64_t n);
  void (*axpy)(T scale, const T* x, T* y, std::int64_t n);                              ///< y += scale·x
  void (*add_rows)(const T* x, const T* row, T* y, std::int64_t rows, std::int64_t d);  ///< y[r, :] = x[r, :] + row
  /// y[r·stride + i] += row[i] unless `row` is null; then, if `relu`, y = max(y, 0). The bits are those of add_rows followed by relu.
  void (*finish_rows)(const T* row, bool relu, T* y, std::int64_t stride, std::int64_t rows, std::int64_t d);
  void (*convert_u8)(const std::uint8_t* x, T scale, T shift, T* y, std::int64_t n);  ///< y = x·scale + shift, each operation rounded
};

/// Returns the loops in the best instruction set of this processor.
template <class T>
const Elementwise<T>& elementwise() noexcept;

/// Makes elementwise() choose the instruction set again. For tests that make Highway report another processor.
void forget_elementwise_choice() noexcept;

}  // namespace chainrule::kernels
