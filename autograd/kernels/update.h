// The steps of optimizers on raw buffers, in SIMD code chosen at run time and on several threads for large buffers. T is float or double.
// Formulas and the order of operations are those of PyTorch 1.13 (torch.optim, single-tensor).
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

/// One step of SGD: d = g + weight_decay·p. If momentum != 0, buffer = momentum·buffer + (1 - dampening)·d (buffer = d if `first`), and
/// then d = nesterov ? d + momentum·buffer : buffer. Finally p -= learning_rate·d. `buffer` may be null if momentum = 0.
template <class T>
struct SgdStep {
  T learning_rate, momentum, dampening, weight_decay;
  bool nesterov, first;
};
template <class T>
void sgd_step(const SgdStep<T>& step, const T* g, T* buffer, T* p, std::int64_t n);

/// One step of Adam. g' = g + weight_decay·p (coupled) or p -= learning_rate·weight_decay·p first (decoupled: AdamW);
/// m = beta1·m + (1 - beta1)·g'; v = beta2·v + (1 - beta2)·g'²; p -= step_size · m / (sqrt(v) / sqrt_correction2 + epsilon), where
/// step_size = learning_rate / (1 - beta1^t) and sqrt_correction2 = sqrt(1 - beta2^t). The code multiplies sqrt(v) by the reciprocal of
/// sqrt_correction2. one_minus_beta1 and one_minus_beta2 are passed because computing them in float would lose digits.
template <class T>
struct AdamStep {
  T learning_rate, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon, weight_decay, step_size, sqrt_correction2;
  bool decoupled;
};

/// Elements of a piece: about 10 µs of work, compared to about 2 µs for waking a thread. Fewer elements in total are not worth a fork.
inline constexpr std::int64_t kAdamGrain = 32768;

/// adam_step() of n parameters as a loop, which parallel_loops() can run together with others.
template <class T>
struct AdamLoop {
  AdamStep<T> step;
  const T* g;
  T *m, *v, *p;
  std::int64_t n;

  /// Returns the loop, which is valid as long as this object.
  Loop loop() noexcept;
  void operator()(std::int64_t begin, std::int64_t end) const;
};

template <class T>
void adam_step(const AdamStep<T>& step, const T* g, T* m, T* v, T* p, std::int64_t n) {
  AdamLoop<T> all{step, g, m, v, p, n};
  const Loop loop = all.loop();
  parallel_loops({&loop, 1});
}

}  // namespace chainrule::kernels
