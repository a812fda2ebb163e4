// ParameterBudget: how many parameters may be made while a module is loaded.
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/base/caller.h"
#include "autograd/base/shape.h"

namespace chainrule::nn {

/// While one lives, modules made in this thread may have so many elements in their parameters and buffers, and initializers fill with zeros
/// without drawing: the values come from the file.
class ParameterBudget {
 public:
  [[nodiscard]] explicit ParameterBudget(std::int64_t elements) noexcept;
  ~ParameterBudget();
  ParameterBudget(const ParameterBudget&) = delete;
  ParameterBudget& operator=(const ParameterBudget&) = delete;

  static bool in_force() noexcept;

 private:
  friend void claim_parameters(const char* op, const Shape& shape, std::int64_t count, const SourceLine& line);

  std::int64_t elements_, left_;
  ParameterBudget* outer_;
};

/// Takes `count` Tensors of this shape from the budget in force, if there is one.
/// @throws std::invalid_argument where it does not have as many.
void claim_parameters(const char* op, const Shape& shape, std::int64_t count, const SourceLine& line);

}  // namespace chainrule::nn
