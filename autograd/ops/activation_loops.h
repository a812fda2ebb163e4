// What most activations are written with: the value and the gradient as loops, and the gradient in ops for derivatives of it. Templates
// only name an activation's loops; activation_loops.cpp does the work, for all alike.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <cstdint>

#include "autograd/graph/record.h"
#include "autograd/kernels/elementwise.h"
#include "autograd/parallel/parallel.h"

namespace chainrule::detail {

// The longest stretch a loop is given: scratch of this length fits the stack, and the first cache level.
inline constexpr std::int64_t kActivationBlock = 1024;

// Calls run(begin, n) for blocks that cover [0, count), shared among threads.
template <class Run>
void activation_blocks(std::int64_t count, Run run) {
  kernels::parallel_pieces(count, kElementGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t at = begin; at < end; at += kActivationBlock) run(at, std::min(kActivationBlock, end - at));
  });
}

/// y = a where compare(x, limit), else b, over a block; a and b advance by their steps. Compilers branch on such a choice, and random
/// signs make that slow.
template <class T>
void pick(kernels::BinaryLoop<T> compare, const T* x, T limit, const T* a, std::int64_t a_step, const T* b, std::int64_t b_step, T* y,
          std::int64_t n) {
  T picked[kActivationBlock];
  compare(x, 1, &limit, 0, picked, n);
  kernels::elementwise<T>().where(picked, 1, a, a_step, b, b_step, y, n);
}

/// y = f(x) on a block, with the plain values that the loop captured.
struct BlockValue {
  const void* captures;
  void (*float32)(const void* captures, const float* x, float* y, std::int64_t n);
  void (*float64)(const void* captures, const double* x, double* y, std::int64_t n);
};

/// The same for g·f'(x).
struct BlockGradient {
  const void* captures;
  void (*float32)(const void* captures, const float* g, const float* x, float* y, std::int64_t n);
  void (*float64)(const void* captures, const double* g, const double* x, double* y, std::int64_t n);
};

/// y = f(x), block by block, recorded with `rule`.
Tensor activation_op(const char* op, const TensorArg& x, const BlockValue& value, const RuleRef& rule);
/// g·f'(x), block by block, without history.
Tensor activation_gradient(const Tensor& g, const Tensor& x, const BlockGradient& gradient);

/// y = f(x). value(x, y, n) computes f on a block. The gradient g·f'(x) is given twice: gradient(g, x, y, n) computes it on a block in
/// one pass, gradient_in_ops(g, x) in ops, used where the gradient is itself to be differentiated. All three carry plain values only.
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
