#include "autograd/ops/activation_loops.h"

#include <type_traits>

namespace chainrule::detail {
namespace {

template <class T, class Loops>
auto loop_of(const Loops& loops) noexcept {
  if constexpr (std::is_same_v<T, float>) {
    return loops.float32;
  } else {
    return loops.float64;
  }
}

}  // namespace

Tensor activation_op(const char* op, const TensorArg& x, const BlockValue& value, const RuleRef& rule) {
  Node* node = floating_node(op, x.tensor(), x.line());
  const Tensor* inputs[] = {&x.tensor()};
  Tensor y = make_result(op, x.line(), node->dtype, Sizes(node), inputs, rule);
  visit_floating(node->dtype, [&](auto zero) {
    using T = decltype(zero);
    activation_blocks(node->numel, [&](std::int64_t begin, std::int64_t n) {
      loop_of<T>(value)(value.captures, node->values<T>() + begin, mutable_values<T>(y) + begin, n);
    });
  });
  return done(y);
}

Tensor activation_gradient(const Tensor& g, const Tensor& x, const BlockGradient& gradient) {
  Tensor grad_x = make_plain(node_of(x)->dtype, Sizes(node_of(x)));
  visit_floating(node_of(x)->dtype, [&](auto zero) {
    using T = decltype(zero);
    activation_blocks(node_of(x)->numel, [&](std::int64_t begin, std::int64_t n) {
      loop_of<T>(gradient)(gradient.captures, values<T>(g) + begin, values<T>(x) + begin, mutable_values<T>(grad_x) + begin, n);
    });
  });
  return grad_x;
}

}  // namespace chainrule::detail
