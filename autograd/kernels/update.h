// In-place passes of optimizers over raw buffers, in SIMD chosen at run time, parallel above a measured size. T is float or double.
// Formulas and the order of operations are PyTorch 1.13's (torch.optim, single-tensor).
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/parallel/parallel.h"

namespace chainrule::kernels {

/// One step of SGD. d = g + weight_decay·p. With momentum > 0: buffer = momentum·buffer + (1 - dampening)·d (buffer = d when first), then
/// d = nesterov ? d + momentum·buffer : buffer. p -= learning_rate·d. `buffer` may be null when momentum = 0.
template <class T>
struct SgdStep {
  T learning_rate, momentum, dampening, weight_decay;
  bool nesterov, first;
};
template <class T>
void sgd_step(const SgdStep<T>& step, const T* g, T* buffer, T* p, std::int64_t n);

/// One step of Adam. g' = g + weight_decay·p (coupled) or p -= learning_rate·weight_decay·p first (decoupled: AdamW);
/// m = beta1·m + (1 - beta1)·g'; v = beta2·v + (1 - beta2)·g'²; p -= step_size · m / (sqrt(v) / sqrt_correction2 + epsilon), where
/// step_size = learning_rate / (1 - beta1^t) and sqrt_correction2 = sqrt(1 - beta2^t), by whose reciprocal sqrt(v) is multiplied.
/// one_minus_beta1 and 2 are given, not computed: in float the difference would lose digits.
template <class T>
struct AdamStep {
  T learning_rate, beta1, one_minus_beta1, beta2, one_minus_beta2, epsilon, weight_decay, step_size, sqrt_correction2;
  bool decoupled;
};

/// Elements of one piece: some 10 µs of work, against the 2 µs or so it takes to wake a thread. Fewer in all are not worth a fork.
inline constexpr std::int64_t kAdamGrain = 32768;

/// adam_step of n parameters as a loop, to be run beside those of others (parallel_loops).
template <class T>
struct AdamLoop {
  AdamStep<T> step;
  const T* g;
  T *m, *v, *p;
  std::int64_t n;

  /// Only as long-lived as this.
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
