#include "nn/module/parameter_budget.h"

#include <utility>

#include "autograd/base/check.h"

namespace chainrule::nn {
namespace {

constinit thread_local ParameterBudget* innermost = nullptr;

}  // namespace

ParameterBudget::ParameterBudget(std::int64_t elements) noexcept
    : elements_(elements), left_(elements), outer_(std::exchange(innermost, this)) {}

ParameterBudget::~ParameterBudget() { innermost = outer_; }

bool ParameterBudget::in_force() noexcept { return innermost != nullptr; }

void claim_parameters(const char* op, const Shape& shape, std::int64_t count, const SourceLine& line) {
  if (innermost == nullptr) return;
  const std::int64_t each = shape.numel();
  if (each < 0 || each > innermost->left_ / count)
    detail::throw_invalid(op, detail::text("parameters of shape ", shape, " exceed the ", innermost->elements_, " weights in the file"),
                          line);
  innermost->left_ -= each * count;
}

}  // namespace chainrule::nn
