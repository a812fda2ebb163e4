// Numerical checks of gradients: derivatives from the backward pass are compared with finite differences.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "autograd/derivatives/tensor_function.h"
#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Options of gradcheck() and gradgradcheck().
struct GradcheckOptions {
  /// Step of the central differences; it is multiplied by max(1, |x|).
  double epsilon = 1e-5;
  /// A derivative passes if it differs from the numeric one by at most absolute_tolerance + relative_tolerance · |numeric| plus the
  /// possible rounding error. The default tolerances are smaller than PyTorch's (1e-5 and 1e-3), so that a gradient that is wrong by 0.1 %
  /// fails.
  double absolute_tolerance = 1e-7;
  /// See absolute_tolerance.
  double relative_tolerance = 1e-5;
  /// Compares one random projection of the Jacobian for each pair of input and output instead of all its elements. The number of calls of
  /// the function then does not depend on the sizes of the inputs.
  bool fast = false;
  /// Seed of the random projections, and of the random grad_outputs of gradgradcheck().
  std::uint64_t seed = 0;
};

/// Result of gradcheck() and gradgradcheck(). The members from `input` on describe the worst derivative: the one with the largest error
/// compared to its tolerance.
struct GradcheckResult {
  bool passed = false;  ///< all derivatives are within tolerance
  /// A description of the result in a few lines: the number of derivatives compared, and the worst of them.
  std::string report;
  std::int64_t compared = 0;  ///< number of derivatives compared
  std::int64_t wrong = 0;     ///< number of derivatives beyond tolerance

  int input = -1;                    ///< worst derivative: number of the input, -1 if nothing was compared
  std::int64_t input_element = -1;   ///< worst derivative: row-major index of the input element, -1 in fast mode
  int output = -1;                   ///< worst derivative: number of the output, -1 if nothing was compared
  std::int64_t output_element = -1;  ///< worst derivative: row-major index of the output element, -1 in fast mode
  double analytic = 0;               ///< worst derivative: its value from the backward pass
  double numeric = 0;                ///< worst derivative: its value from finite differences

  /// Returns `passed`.
  explicit operator bool() const noexcept { return passed; }
};

/// Writes result.report.
std::ostream& operator<<(std::ostream& out, const GradcheckResult& result);

/// Checks that the backward pass computes the derivatives of `fn` at these inputs: compares each element of the Jacobian with central
/// differences. Every float64 input is copied and differentiated; int64 inputs are passed to `fn` unchanged. If a derivative disagrees,
/// smaller steps are tried before it counts as wrong. The check fails at a kink, where the slopes to the left and to the right differ (not
/// in fast mode). It also fails if the function returns different values for the same inputs, or if a derivative is not finite.
/// @throws std::invalid_argument for float32 or undefined inputs or outputs, without a float64 input, for a number of inputs that `fn` does
/// not take, for an epsilon that is not positive and finite, or for a negative tolerance.
GradcheckResult gradcheck(const TensorFunction& fn, const TensorList& inputs, const GradcheckOptions& options = {});

/// Checks second derivatives: runs gradcheck() on the function that computes the gradients of `fn`. The arguments of that function are the
/// inputs and the grad_outputs, which are drawn at random.
/// @throws std::invalid_argument like gradcheck().
GradcheckResult gradgradcheck(const TensorFunction& fn, const TensorList& inputs, const GradcheckOptions& options = {});

}  // namespace chainrule
#pragma GCC visibility pop
