// Piecewise linear and piecewise quadratic activations.
#include "autograd/ops/activation.h"
#include "autograd/ops/activation_loops.h"
#include "autograd/ops/elementwise.h"

namespace chainrule {

using namespace detail;

namespace {

// y = a where x lies strictly between two limits, else 0.
template <class T>
void pick_between(const T* x, T low, T high, const T* a, T* y, std::int64_t n) {
  const T zero = 0;
  pick<T>(kernels::elementwise<T>().gt, x, low, a, 1, &zero, 0, y, n);
  pick<T>(kernels::elementwise<T>().lt, x, high, y, 1, &zero, 0, y, n);
}

// x clamped to [low, high]; the gradient is 1 strictly between the limits, else 0.
Tensor limited(const char* op, const TensorArg& x, double low, double high) {
  return activation(
      op, x,
      [low, high]<class T>(const T* from, T* y, std::int64_t n) {
        kernels::elementwise<T>().clamp(from, static_cast<T>(low), static_cast<T>(high), y, n);
      },
      [low, high]<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        pick_between(from, static_cast<T>(low), static_cast<T>(high), g, y, n);
      },
      [low, high](const Tensor& g, const Tensor& from) { return where(logical_and(gt(from, low), lt(from, high)), g, 0.0); });
}

}  // namespace

Tensor leaky_relu(const TensorArg& x, double negative_slope) {
  return activation(
      "leaky_relu", x,
      [negative_slope]<class T>(const T* from, T* y, std::int64_t n) {
        const T slope = static_cast<T>(negative_slope);
        for (std::int64_t i = 0; i < n; ++i) y[i] = from[i] * slope;
        pick<T>(kernels::elementwise<T>().gt, from, 0, from, 1, y, 1, y, n);
      },
      [negative_slope]<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        const T slope = static_cast<T>(negative_slope);
        for (std::int64_t i = 0; i < n; ++i) y[i] = g[i] * slope;
        pick<T>(kernels::elementwise<T>().gt, from, 0, g, 1, y, 1, y, n);
      },
      [negative_slope](const Tensor& g, const Tensor& from) { return where(gt(from, 0), g, g * negative_slope); });
}

Tensor relu6(const TensorArg& x) { return limited("relu6", x, 0, 6); }

Tensor hardtanh(const TensorArg& x, double low, double high) {
  if (!(low <= high)) throw_invalid("hardtanh", text("the limits are ", low, " and ", high, ", expected low <= high"), x.line());
  return limited("hardtanh", x, low, high);
}

Tensor hardsigmoid(const TensorArg& x) {
  return activation(
      "hardsigmoid", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) y[i] = from[i] + 3;
        kernels::elementwise<T>().clamp(y, 0, 6, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] /= 6;
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) y[i] = g[i] / 6;
        pick_between<T>(from, -3, 3, y, y, n);
      },
      [](const Tensor& g, const Tensor& from) { return where(logical_and(gt(from, -3), lt(from, 3)), g / 6, 0.0); });
}

Tensor hardswish(const TensorArg& x) {
  return activation(
      "hardswish", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) y[i] = from[i] + 3;
        kernels::elementwise<T>().clamp(y, 0, 6, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] = std::max(from[i], T{-3}) * (y[i] / 6);
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        const T zero = 0;
        for (std::int64_t i = 0; i < n; ++i) y[i] = g[i] * (from[i] / 3 + T{0.5});
        pick<T>(kernels::elementwise<T>().ge, from, 3, g, 1, y, 1, y, n);
        pick<T>(kernels::elementwise<T>().le, from, -3, &zero, 0, y, 1, y, n);
      },
      [](const Tensor& g, const Tensor& from) { return where(le(from, -3), 0.0, where(ge(from, 3), g, g * (from / 3 + 0.5))); });
}

}  // namespace chainrule
