// Activations that use exponentials, erf or tanh.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "autograd/ops/activation.h"
#include "autograd/ops/activation_loops.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/internal.h"

namespace chainrule {

using namespace detail;

namespace {

// rise · x where x > 0, else depth · (exp(rate · x) - 1).
struct ExponentialUnit {
  double rise, depth, rate;
};

// y = min(x, 0) · rate.
template <class T>
void exponents(const T* x, T rate, T* y, std::int64_t n) {
  const T zero = 0;
  kernels::elementwise<T>().minimum(x, 1, &zero, 0, y, n);
  kernels::elementwise<T>().mul(y, 1, &rate, 0, y, n);
}

Tensor exponential_unit(const char* op, const TensorArg& x, const ExponentialUnit& unit) {
  return activation(
      op, x,
      [unit]<class T>(const T* from, T* y, std::int64_t n) {
        const T rise = static_cast<T>(unit.rise), depth = static_cast<T>(unit.depth), zero = 0;
        T above[kActivationBlock];
        exponents(from, static_cast<T>(unit.rate), y, n);
        kernels::elementwise<T>().expm1(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) {
          y[i] *= depth;
          above[i] = from[i] * rise;
        }
        pick<T>(kernels::elementwise<T>().gt, from, zero, above, 1, y, 1, y, n);
      },
      [unit]<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        const T rise = static_cast<T>(unit.rise), slope = static_cast<T>(unit.depth * unit.rate), zero = 0;
        T above[kActivationBlock];
        exponents(from, static_cast<T>(unit.rate), y, n);
        kernels::elementwise<T>().exp(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) {
          y[i] = g[i] * (y[i] * slope);
          above[i] = g[i] * rise;
        }
        pick<T>(kernels::elementwise<T>().gt, from, zero, above, 1, y, 1, y, n);
      },
      [unit](const Tensor& g, const Tensor& from) {
        // The exponential is not computed of positive numbers: of large ones it would be inf, and inf·0 would give NaN. 0 is on the side
        // of the exponential in derivatives of all orders.
        const Tensor positive = gt(from, 0), below = where(positive, 0.0, from);
        return where(positive, g * unit.rise, g * (exp(below * unit.rate) * (unit.depth * unit.rate)));
      });
}

constexpr double kGeluRate = std::numbers::inv_sqrtpi * std::numbers::sqrt2;  // √(2/π)
constexpr double kGeluCube = 0.044715;
constexpr double kGeluFlat = 100;  // beyond it tanh is ±1 in either dtype, and squares could overflow

// Where |x| is beyond it, sigmoid(x) and the normal distribution are 0 or 1 in either dtype, and their derivatives 0. x is not let beyond,
// since inf·0 would give NaN.
constexpr double kFlat = 1000;

}  // namespace

Tensor elu(const TensorArg& x, double alpha) { return exponential_unit("elu", x, {1, alpha, 1}); }

Tensor selu(const TensorArg& x) {
  constexpr double kScale = 1.0507009873554804934193349852946, kAlpha = 1.6732632423543772848170429916717;
  return exponential_unit("selu", x, {kScale, kScale * kAlpha, 1});
}

Tensor celu(const TensorArg& x, double alpha) {
  if (alpha == 0 || std::isnan(alpha)) throw_invalid("celu", text("alpha is ", alpha, ", expected a number other than 0"), x.line());
  return exponential_unit("celu", x, {1, alpha, 1 / alpha});
}

Tensor gelu(const TensorArg& x) {
  return activation(
      "gelu", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        kernels::elementwise<T>().normal_cdf(from, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] *= std::max(from[i], T{-kFlat});
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        T near[kActivationBlock], density[kActivationBlock];
        kernels::elementwise<T>().clamp(from, T{-kFlat}, T{kFlat}, near, n);
        kernels::elementwise<T>().normal_cdf(from, y, n);
        kernels::elementwise<T>().normal_density(from, density, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] = g[i] * (y[i] + near[i] * density[i]);
      },
      [](const Tensor& g, const Tensor& from) {
        const Tensor near = clamp(from, -kFlat, kFlat);
        return g * (normal_cdf(near) + near * normal_density(near));
      });
}

// x·(1 + tanh(u))/2 with u = √(2/π)·(x + 0.044715·x³), written as x·sigmoid(2u), which does not cancel.
Tensor gelu_tanh(const TensorArg& x) {
  return activation(
      "gelu_tanh", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        const T rate = static_cast<T>(2 * kGeluRate), cube = static_cast<T>(2 * kGeluRate * kGeluCube);
        T near[kActivationBlock];
        kernels::elementwise<T>().clamp(from, T{-kGeluFlat}, T{kGeluFlat}, near, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] = near[i] * (rate + cube * (near[i] * near[i]));
        kernels::elementwise<T>().sigmoid(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] *= std::max(from[i], T{-kGeluFlat});
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        const T rate = static_cast<T>(2 * kGeluRate), cube = static_cast<T>(2 * kGeluRate * kGeluCube);
        T near[kActivationBlock], slope[kActivationBlock];
        kernels::elementwise<T>().clamp(from, T{-kGeluFlat}, T{kGeluFlat}, near, n);
        for (std::int64_t i = 0; i < n; ++i) {
          y[i] = near[i] * (rate + cube * (near[i] * near[i]));
          slope[i] = near[i] * (rate + 3 * cube * (near[i] * near[i]));
        }
        kernels::elementwise<T>().sigmoid_gradient(slope, 1, y, 1, slope, n);
        kernels::elementwise<T>().sigmoid(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] = g[i] * (y[i] + slope[i]);
      },
      [](const Tensor& g, const Tensor& from) {
        constexpr double kRate = 2 * kGeluRate, kCube = 2 * kGeluRate * kGeluCube;
        const Tensor near = clamp(from, -kGeluFlat, kGeluFlat), squared = square(near);
        const Tensor bent = near * (squared * kCube + kRate);
        return g * (sigmoid(bent) + sigmoid_gradient(near * (squared * (3 * kCube) + kRate), bent));
      });
}

Tensor silu(const TensorArg& x) {
  return activation(
      "silu", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        kernels::elementwise<T>().sigmoid(from, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] *= std::max(from[i], T{-kFlat});
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        T near[kActivationBlock];
        kernels::elementwise<T>().clamp(from, T{-kFlat}, T{kFlat}, near, n);
        kernels::elementwise<T>().sigmoid_gradient(near, 1, from, 1, near, n);
        kernels::elementwise<T>().sigmoid(from, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] = g[i] * (y[i] + near[i]);
      },
      [](const Tensor& g, const Tensor& from) { return g * (sigmoid(from) + sigmoid_gradient(clamp(from, -kFlat, kFlat), from)); });
}

Tensor mish(const TensorArg& x) {
  return activation(
      "mish", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        kernels::elementwise<T>().softplus(from, y, n);
        kernels::elementwise<T>().tanh(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] *= std::max(from[i], T{-kFlat});
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        T slope[kActivationBlock], near[kActivationBlock];
        kernels::elementwise<T>().clamp(from, T{-kFlat}, T{kFlat}, near, n);
        kernels::elementwise<T>().sigmoid(from, slope, n);
        kernels::elementwise<T>().softplus(from, y, n);
        kernels::elementwise<T>().tanh_gradient(slope, 1, y, 1, slope, n);
        kernels::elementwise<T>().tanh(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] = g[i] * (y[i] + near[i] * slope[i]);
      },
      [](const Tensor& g, const Tensor& from) {
        const Tensor bent = softplus(from, 1, kFlat);
        return g * (tanh(bent) + clamp(from, -kFlat, kFlat) * tanh_gradient(sigmoid(from), bent));
      });
}

Tensor softplus(const TensorArg& x, double beta, double threshold) {
  if (beta == 0 || std::isnan(beta)) throw_invalid("softplus", text("beta is ", beta, ", expected a number other than 0"), x.line());
  return activation(
      "softplus", x,
      [beta, threshold]<class T>(const T* from, T* y, std::int64_t n) {
        const T rate = static_cast<T>(beta), straight = static_cast<T>(threshold);
        T scaled[kActivationBlock];
        for (std::int64_t i = 0; i < n; ++i) scaled[i] = from[i] * rate;
        kernels::elementwise<T>().softplus(scaled, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] /= rate;
        pick<T>(kernels::elementwise<T>().gt, scaled, straight, from, 1, y, 1, y, n);
      },
      [beta, threshold]<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        const T rate = static_cast<T>(beta), straight = static_cast<T>(threshold);
        T scaled[kActivationBlock];
        for (std::int64_t i = 0; i < n; ++i) scaled[i] = from[i] * rate;
        kernels::elementwise<T>().sigmoid(scaled, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] *= g[i];
        pick<T>(kernels::elementwise<T>().gt, scaled, straight, g, 1, y, 1, y, n);
      },
      [beta, threshold](const Tensor& g, const Tensor& from) {
        const Tensor scaled = from * beta;
        return where(gt(scaled, threshold), g, g * sigmoid(scaled));
      });
}

Tensor softsign(const TensorArg& x) {
  return activation(
      "softsign", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        constexpr T kLargest = std::numeric_limits<T>::max();  // inf/inf would be NaN
        for (std::int64_t i = 0; i < n; ++i) {
          const T near = std::clamp(from[i], -kLargest, kLargest);
          y[i] = near / (1 + std::abs(near));
        }
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) {
          const T shrink = 1 / (1 + std::abs(from[i]));
          y[i] = g[i] * (shrink * shrink);
        }
      },
      [](const Tensor& g, const Tensor& from) { return g * square(reciprocal(abs(from) + 1)); });
}

Tensor log_sigmoid(const TensorArg& x) {
  return activation(
      "log_sigmoid", x,
      []<class T>(const T* from, T* y, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) y[i] = -from[i];
        kernels::elementwise<T>().softplus(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] = -y[i];
      },
      []<class T>(const T* g, const T* from, T* y, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) y[i] = -from[i];
        kernels::elementwise<T>().sigmoid(y, y, n);
        for (std::int64_t i = 0; i < n; ++i) y[i] *= g[i];
      },
      [](const Tensor& g, const Tensor& from) { return g * sigmoid(-from); });
}

}  // namespace chainrule
