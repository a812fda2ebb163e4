// Checks of derivatives against differences of values.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "autograd/derivatives/tensor_function.h"
#include "autograd/graph/tensor.h"

namespace chainrule {

struct GradcheckOptions {
  /// The step of the central differences, times max(1, |x|).
  double epsilon = 1e-5;
  /// A derivative may differ by absolute_tolerance + relative_tolerance · |numeric|, and by what rounding explains. Tighter than
  /// PyTorch's (1e-5, 1e-3), so that a rule wrong by 0.1 % fails.
  double absolute_tolerance = 1e-7;
  double relative_tolerance = 1e-5;
  /// Compares one random projection of each input's Jacobian instead of all its elements: a few calls of the function however
  /// large the inputs are.
  bool fast = false;
  /// For what is drawn at random: the projections, and the grad_outputs of gradgradcheck.
  std::uint64_t seed = 0;
};

struct GradcheckResult {
  bool passed = false;
  /// What was compared and where it differs most, in a few lines; the fields below are the same for programs.
  std::string report;
  std::int64_t compared = 0;  ///< derivatives compared
  std::int64_t wrong = 0;     ///< of those, beyond tolerance

  int input = -1;                   ///< the worst one: of which output element
  std::int64_t input_element = -1;  ///< by which input element, row-major; both -1 in fast mode
  int output = -1;
  std::int64_t output_element = -1;
  double analytic = 0;  ///< by the backward pass
  double numeric = 0;   ///< by differences

  explicit operator bool() const noexcept { return passed; }
};

/// The report.
std::ostream& operator<<(std::ostream& out, const GradcheckResult& result);

/// Whether the backward pass gives the derivatives of `fn` at these inputs: each element of the Jacobian is compared with central
/// differences. Every float64 input is taken as a variable, on a copy; int64 ones are passed on. Where values and gradients disagree
/// smaller steps are tried before that counts. A kink at the inputs (left and right slopes differ) fails, as do functions that give
/// different values for the same inputs, and derivatives that are not finite.
/// @throws std::invalid_argument for float32 inputs or outputs, no float64 input, or a number of inputs that `fn` does not take.
GradcheckResult gradcheck(const TensorFunction& fn, const TensorList& inputs, const GradcheckOptions& options = {});

/// The same for second derivatives: gradcheck of the gradients of `fn`, weighted by random grad_outputs, as a function of the inputs
/// and of those grad_outputs.
GradcheckResult gradgradcheck(const TensorFunction& fn, const TensorList& inputs, const GradcheckOptions& options = {});

}  // namespace chainrule
