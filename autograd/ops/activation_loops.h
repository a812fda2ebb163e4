// Helpers to write activation functions: loops for value and gradient, and the gradient in terms of ops for higher derivatives. The
// templates only select the loops of an activation; activation_loops.cpp contains the code that all of them share.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <cstdint>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::detail {

// The longest block that a loop gets: scratch arrays of this length fit the stack and the first-level cache.
inline constexpr std::int64_t kActivationBlock = 1024;

// Calls run(begin, n) for blocks that cover [0, count), on several threads.
template <class Run>
void activation_blocks(std::int64_t count, Run run) {
  kernels::parallel_pieces(count, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; at += kActivationBlock) run(at, std::min(kActivationBlock, end - at));
  });
}

/// y = a where compare(x, limit) is true, and b elsewhere, for a block; a and b advance by their steps. Written with SIMD selection because
/// compilers turn a plain loop into branches, which are slow for random signs.
template <class T>
void pick(kernels::BinaryLoop<T> compare, const T* x, T limit, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y,
          std::int64_t n) {
  T picked[kActivationBlock];
  compare(x, 1, &limit, 0, picked, n);
  kernels::elementwise<T>().where(picked, 1, a, a_step, b, b_step, y, n);
}

/// A loop that computes y = f(x) for a block, and the plain values that it captured.
struct BlockValue {
  const void* captures;
  void (*float32)(const void* captures, const float* x, float* y, std::int64_t n);
  void (*float64)(const void* captures, const double* x, double* y, std::int64_t n);
};

/// A loop that computes y = g·f'(x) for a block, and the plain values that it captured.
struct BlockGradient {
  const void* captures;
  void (*float32)(const void* captures, const float* g, const float* x, float* y, std::int64_t n);
  void (*float64)(const void* captures, const double* g, const double* x, double* y, std::int64_t n);
};

/// Returns f(x), computed block by block and recorded with `rule`.
Tensor activation_op(const char* op, const TensorArg& x, const BlockValue& value, const RuleRef& rule);
/// Returns g·f'(x), computed block by block, without history.
Tensor activation_gradient(const Tensor& g, const Tensor& x, const BlockGradient& gradient);

/// Returns f(x). value(x, y, n) computes f for a block. There are two versions of the gradient g·f'(x): gradient(g, x, y, n) computes it
/// for a block in one pass, and gradient_in_ops(g, x) computes it with ops if the gradient must be differentiable itself. All three may
/// capture plain values only.
template <class Value, class Gradient, class GradientInOps>
Tensor activation(const char* op, const TensorArg& x, Value value, Gradient gradient, GradientInOps gradient_in_ops) {
  constexpr auto value_of = []<class T>(const void* captures, const T* from, T* y, std::int64_t n) {
    (*static_cast<const Value*>(captures))(from, y, n);
  };
  return activation_op(op, x, {&value, value_of, value_of}, [gradient, gradient_in_ops](RuleContext& r) {
    constexpr auto gradient_of = []<class T>(const void* captures, const T* g, const T* from, T* y, std::int64_t n) {
      (*static_cast<const Gradient*>(captures))(g, from, y, n);
    };
    const Tensor &g = r.grad_out(), &from = r.input(0);
    const Tensor* factors[] = {&g, &from};
    r.set(0, records(factors) ? gradient_in_ops(g, from) : activation_gradient(g, from, {&gradient, gradient_of, gradient_of}));
  });
}

}  // namespace chainrule::detail
