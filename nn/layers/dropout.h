// Dropout: sets random elements to zero in training mode.
#pragma once

#include <string>

#include "autograd/base/random.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Dropout.
struct DropoutOptions {
  /// The generator that the masks are drawn from; nullptr means default_generator() of the calling thread. A given generator must outlive
  /// the layer, and only one thread at a time may then call the layer in training mode.
  Generator* generator = nullptr;
};

/// In training mode, sets each element to 0 with probability p and divides the others by 1 - p (Srivastava et al. 2014, with the scaling
/// done in training). In evaluation mode, returns x itself.
class Dropout : public BuiltInLayer<Dropout> {
 public:
  /// The type of the constructor's options.
  using Options = DropoutOptions;

  /// Makes a layer that drops elements with probability p.
  /// @throws std::invalid_argument unless 0 <= p <= 1.
  explicit Dropout(double p = 0.5, const DropoutOptions& options = {}, SourceLine line = SourceLine::current());
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Dropout from_config(const Config& config);

  /// Returns a Tensor of the shape of x.
  Tensor forward(const Tensor& x) const override;
  /// Returns a description such as "Dropout 0.5".
  std::string describe() const override;

  /// Returns the probability with which an element is set to 0.
  double p() const noexcept { return p_; }

 private:
  void config(Config& config) const override;
  void copy_settings(const Module& original) override;

  double p_;
  Generator* generator_;
};

}  // namespace chainrule::nn
#pragma GCC visibility pop
