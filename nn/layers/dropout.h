// Dropout: leaves out random elements in training.
#pragma once

#include <memory>
#include <string>

#include "autograd/base/random.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// What a Dropout draws by.
struct DropoutOptions {
  /// Draws the masks and must outlive the layer, whose calls in training then belong to one thread at a time; nullptr:
  /// default_generator() of the calling thread.
  Generator* generator = nullptr;
};

/// In training: 0 in place of each element with probability p, the others divided by 1 - p (Srivastava et al. 2014, the scaling moved to
/// training). In eval: x itself.
class Dropout : public BuiltIn {
 public:
  using Options = DropoutOptions;

  /// @throws std::invalid_argument unless 0 <= p <= 1.
  explicit Dropout(double p = 0.5, const DropoutOptions& options = {}, SourceLine line = SourceLine::current());

  Tensor forward(const Tensor& x) const override;
  std::string describe() const override;

  /// The probability of leaving an element out.
  double p() const noexcept { return p_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override;
  void config(Config& config) const override;

  double p_;
  Generator* generator_;
};

}  // namespace chainrule::nn
