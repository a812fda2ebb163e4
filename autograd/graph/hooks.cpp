#include "autograd/graph/hooks.h"

#include <algorithm>

#include "autograd/graph/record.h"

namespace chainrule {

using namespace detail;

GradHook detail::add_grad_hook(const TensorArg& tensor, std::function<Tensor(const Tensor&)> hook) {
  Node* node = defined_node("on_grad", tensor.tensor(), tensor.line());
  if (!node->requires_grad) throw_misuse("on_grad", text(describe(tensor.tensor()), " does not require grad"), tensor.line());
  Extras& extras = node->extra();
  extras.hooks.push_back({++extras.hooks_added, std::move(hook)});
  return GradHook(tensor.tensor(), extras.hooks_added);
}

void GradHook::remove() {
  if (!tensor_.defined()) return;
  std::erase_if(node_of(tensor_)->extra().hooks, [this](const Hook& hook) { return hook.number == number_; });
  tensor_ = Tensor();
}

}  // namespace chainrule
