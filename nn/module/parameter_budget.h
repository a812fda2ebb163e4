// ParameterBudget: limits the number of parameters that can be made while a model file is loaded.
// Internal header: not installed.
#pragma once

#include <cstdint>

#include "autograd/base/caller.h"
#include "autograd/base/shape.h"

namespace chainrule::nn {

/// While an object of this class exists, the modules made in this thread may have at most `elements` elements in their parameters and
/// buffers. Initializers fill with zeros instead of random numbers, because the values will come from the file.
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

/// Takes `count` Tensors of this shape from the innermost budget of this thread. Does nothing if there is none.
/// @throws std::invalid_argument if the budget is too small.
void claim_parameters(const char* op, const Shape& shape, std::int64_t count, const SourceLine& line);

}  // namespace chainrule::nn
