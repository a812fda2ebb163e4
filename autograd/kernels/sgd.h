// The step of SGD on raw buffers, in SIMD code chosen at run time and on several threads for large buffers. T is float or double.
// The formula and the order of operations are those of PyTorch 1.13 (torch.optim.SGD, single-tensor).
// Internal header: not installed.
#pragma once

#include <cstdint>

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

}  // namespace chainrule::kernels
