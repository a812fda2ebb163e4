// Loops over the elements of a parameter, its gradient and its optimizer state.
// Internal header: not installed.
#pragma once

#include <array>
#include <cstddef>

#include "autograd/ops/create.h"
#include "autograd/ops/update.h"
#include "nn/optim/optimizer.h"

namespace chainrule::nn {

/// Creates state Tensor number k, filled with `value`, with the shape and dtype of the parameter, if it does not exist yet.
inline void remember(const Optimizer::ParameterStep& step, std::size_t k, double value = 0) {
  if (!step.memory[k].defined()) step.memory[k] = full(step.parameter.shape(), value, step.parameter.dtype());
}

template <class T, std::size_t kMemory, class F>
void update_elements_of(const Optimizer::ParameterStep& step, const F& f) {
  T* p = step.parameter.mutable_data<T>().data();
  const T* g = step.gradient.data<T>().data();
  std::array<T*, kMemory> memory{};
  for (std::size_t k = 0; k < kMemory; ++k)
    if (step.memory[k].defined()) memory[k] = step.memory[k].template mutable_data<T>().data();
  constexpr std::int64_t kGrain = 8192;
  detail::in_pieces(step.parameter.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      double value = static_cast<double>(p[i]);
      std::array<double, kMemory> m{};
      for (std::size_t k = 0; k < kMemory; ++k)
        if (memory[k] != nullptr) m[k] = static_cast<double>(memory[k][i]);
      f(value, static_cast<double>(g[i]), m);
      p[i] = static_cast<T>(value);
      for (std::size_t k = 0; k < kMemory; ++k)
        if (memory[k] != nullptr) memory[k][i] = static_cast<T>(m[k]);
    }
  });
}

/// Calls f(p, g, m) for each element of the parameter, the gradient and the kMemory state Tensors, in double. The changes of p and m[k] are
/// written back. An undefined state Tensor reads as 0 and is not written.
template <std::size_t kMemory, class F>
void update_elements(const Optimizer::ParameterStep& step, const F& f) {
  if (step.parameter.dtype() == DType::float32) {
    update_elements_of<float, kMemory>(step, f);
  } else {
    update_elements_of<double, kMemory>(step, f);
  }
}

}  // namespace chainrule::nn
