// What most activations are written with: the value and the gradient as loops, and the gradient in ops for derivatives of it. Internal.
#pragma once

#include <algorithm>

#include "autograd/kernels/elementwise.h"
#include "autograd/kernels/parallel.h"
#include "autograd/record.h"

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

/// y = f(x). value(x, y, n) computes f on a block. The gradient g·f'(x) is given twice: gradient(g, x, y, n) computes it on a block in
/// one pass, gradient_in_ops(g, x) in ops, used where the gradient is itself to be differentiated. All three carry plain values only.
template <class Value, class Gradient, class GradientInOps>
Tensor activation(const char* op, const TensorArg& x, Value value, Gradient gradient, GradientInOps gradient_in_ops) {
  Node* node = floating_node(op, x.tensor(), x.line());
  const Tensor* inputs[] = {&x.tensor()};
  Tensor y = make_result(op, x.line(), node->dtype, Sizes(node), inputs, [gradient, gradient_in_ops](RuleContext& r) {
    const Tensor &g = r.grad_out(), &from = r.input(0);
    const Tensor* factors[] = {&g, &from};
    if (records(factors)) {
      r.set(0, gradient_in_ops(g, from));
      return;
    }
    Tensor grad_x = make_plain(node_of(from)->dtype, Sizes(node_of(from)));
    visit_floating(node_of(from)->dtype, [&](auto zero) {
      using T = decltype(zero);
      activation_blocks(node_of(from)->numel, [&](std::int64_t begin, std::int64_t n) {
        gradient(values<T>(g) + begin, values<T>(from) + begin, mutable_values<T>(grad_x) + begin, n);
      });
    });
    r.set(0, std::move(grad_x));
  });
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    activation_blocks(node->numel,
                      [&](std::int64_t begin, std::int64_t n) { value(node->values<T>() + begin, mutable_values<T>(y) + begin, n); });
  });
  return done(y);
}

}  // namespace chainrule::detail
