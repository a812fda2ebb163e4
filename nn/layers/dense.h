// Dense: the fully connected layer.
#pragma once

#include <cstdint>

#include "autograd/random.h"
#include "autograd/shape.h"
#include "nn/activation.h"
#include "nn/init.h"
#include "nn/module.h"

namespace chainrule::nn {

struct DenseOptions {
  bool bias = true;
  Initializer initializer = "he_uniform";
  Initializer bias_initializer = "zeros";
  /// Draws the weights; nullptr: default_generator(). Used by the constructor only.
  Generator* generator = nullptr;
  Activation activation = {};
};

/// activation(x·weight + bias): x [..., d_in], weight [d_in, d_out], bias [d_out]; gives [..., d_out].
class Dense : public BuiltIn<Dense> {
 public:
  using Options = DenseOptions;

  /// @throws std::invalid_argument for a size below 1.
  Dense(Dim d_in, Dim d_out, const DenseOptions& options = {}, SourceLine line = SourceLine::current());

  Tensor forward(const Tensor& x) const override;
  void members(Members& visit) override;
  std::string describe() const override;

  std::int64_t d_in() const noexcept { return d_in_; }
  std::int64_t d_out() const noexcept { return d_out_; }
  const Tensor& weight() const noexcept { return weight_; }
  /// Undefined without a bias.
  const Tensor& bias() const noexcept { return bias_; }
  const Activation& activation() const noexcept { return activation_; }

 private:
  std::int64_t d_in_, d_out_;
  Tensor weight_, bias_;
  Activation activation_;
};

}  // namespace chainrule::nn
