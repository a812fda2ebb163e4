// What most activations are written with: the value and the gradient as loops, and the gradient in ops for derivatives of it.
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

/// y = f(x). value(x, y, n) computes f on a block. The gradient g·f'(x) is given twice: gradient(g, x, y, n) computes it on a block in
/// one pass; gradient_in_ops(g, x) computes it in ops and is used where the gradient is itself to be differentiated. All three capture
/// plain values only.
template <class Value, class Gradient, class GradientInOps>
Tensor activation(const char* op, const TensorArg& x, Value value, Gradient gradient, GradientInOps gradient_in_ops) {
  const Node* node = floating_node(op, x.tensor(), x.line());
  const Tensor* inputs[] = {&x.tensor()};
  return make_result(op, x.line(), node->dtype, Sizes(node), inputs, floating([value]<class T>(const OpValues<T>& v) {
                       activation_blocks(v.out_numel(),
                                         [&](std::int64_t begin, std::int64_t n) { value(v.in() + begin, v.out() + begin, n); });
                     }),
                     [gradient, gradient_in_ops](RuleContext& r) {
                       const Tensor &g = r.grad_out(), &from = r.input(0);
                       if (r.in_ops()) return r.set(0, gradient_in_ops(g, from));
                       const Tensor* factors[] = {&g, &from};
                       r.set(0, make_result("activation_gradient", SourceLine::current(), r.dtype(), Sizes(node_of(from)), factors,
                                            floating([gradient]<class T>(const OpValues<T>& v) {
                                              activation_blocks(v.out_numel(), [&](std::int64_t begin, std::int64_t n) {
                                                gradient(v.in(0) + begin, v.in(1) + begin, v.out() + begin, n);
                                              });
                                            }),
                                            kNoRule));
                     });
}

}  // namespace chainrule::detail
