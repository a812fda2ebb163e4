#include "autograd/graph/grad_mode.h"

#include "autograd/base/context.h"

namespace chainrule {

bool grad_enabled() noexcept { return detail::thread_context.grad_enabled; }

GradMode::GradMode(bool enabled) noexcept : previous_(detail::thread_context.grad_enabled) {
  detail::thread_context.grad_enabled = enabled;
}

GradMode::~GradMode() { detail::thread_context.grad_enabled = previous_; }

}  // namespace chainrule
