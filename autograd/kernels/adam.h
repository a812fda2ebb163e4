// The step of Adam, AdamW and amsgrad on raw buffers, in SIMD code chosen at run time and on several threads for large buffers.
// The formula and the order of operations are those of PyTorch 1.13 (torch.optim.Adam, single-tensor), but for a reciprocal in adam.cpp.
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

/// The constants of one step, number t, as adam.cpp uses them: step_size = learning_rate / (1 - beta1^t) and sqrt_correction2 =
/// sqrt(1 - beta2^t). one_minus_beta1 and one_minus_beta2 are passed because computing them in float would lose digits.
template <class C>
struct AdamStep {
  C learning_rate, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon, weight_decay, step_size, sqrt_correction2;
  bool decoupled;
};

/// Elements of a piece: about 10 µs of work, compared to about 2 µs for waking a thread. Fewer elements in total are not worth a fork.
inline constexpr std::int64_t kAdamGrain = 32768;

/// One step on n parameters p with the gradient g and the moments m and v, as a loop, which parallel_loops() can run together with others.
/// The elements are of type T and the formula is computed in type C: float or double for both, or float and double. With amsgrad, v_max is
/// the largest v so far and C is double; otherwise v_max is null.
template <class T, class C = T>
struct AdamLoop {
  AdamStep<C> step;
  const T* g;
  T *m, *v, *v_max, *p;
  std::int64_t n;

  /// Returns the loop, which is valid as long as this object.
  Loop loop() noexcept { return {n, kAdamGrain, range_body(*this)}; }
  void operator()(std::int64_t begin, std::int64_t end) const;
};

/// Runs one such loop, without amsgrad.
template <class T>
void adam_step(const AdamStep<T>& step, const T* g, T* m, T* v, T* p, std::int64_t n) {
  AdamLoop<T> all{step, g, m, v, nullptr, p, n};
  const Loop loop = all.loop();
  parallel_loops({&loop, 1});
}

}  // namespace chainrule::kernels
