#include "autograd/derivatives/differentiated.h"

#include <algorithm>

namespace chainrule::detail {
namespace {

constinit thread_local const DifferentiatedScope* innermost_scope = nullptr;

}  // namespace

DifferentiatedScope::DifferentiatedScope(std::span<const Tensor> inputs) noexcept : outer_(innermost_scope), inputs_(inputs) {
  innermost_scope = this;
}

DifferentiatedScope::~DifferentiatedScope() { innermost_scope = outer_; }

bool DifferentiatedScope::in_force() noexcept { return innermost_scope != nullptr && thread_context.grad_enabled; }

bool DifferentiatedScope::reaches(const Tensor& tensor, std::span<const Tensor> excluded) {
  bool found = false;
  visit_history(tensor, excluded, [&](const Node* node) {
    for (const DifferentiatedScope* scope = innermost_scope; scope != nullptr && !found; scope = scope->outer_)
      found = std::any_of(scope->inputs_.begin(), scope->inputs_.end(), [&](const Tensor& input) { return node_of(input) == node; });
    return !found;
  });
  return found;
}

}  // namespace chainrule::detail
