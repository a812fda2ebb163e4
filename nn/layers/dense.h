// Dense: the fully connected layer, torch.nn.Linear with an optional activation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "autograd/base/random.h"
#include "autograd/base/shape.h"
#include "nn/layers/activation.h"
#include "nn/layers/init.h"
#include "nn/module/built_in_layer.h"

#pragma GCC visibility push(default)
namespace chainrule::nn {

/// Options of Dense.
struct DenseOptions {
  /// True if the layer has a bias.
  bool bias = true;
  /// Makes the initial weight.
  Initializer initializer = "he_uniform";
  /// Makes the initial bias.
  Initializer bias_initializer = "zeros";
  /// The generator that the initial values are drawn from; nullptr means default_generator(). It is used when the parameters are made,
  /// which is in the constructor or in build().
  Generator* generator = nullptr;
  /// The activation that is applied to the output.
  Activation activation = {};
};

/// Computes activation(x · weight + bias), for x [..., d_in], weight [d_in, d_out] and bias [d_out]. The output has shape [..., d_out].
/// Note that torch.nn.Linear stores the transposed weight, [d_out, d_in].
class Dense : public BuiltInLayer<Dense> {
 public:
  /// The type of the constructor's options.
  using Options = DenseOptions;

  /// Makes a layer with d_in input features and d_out output features.
  /// @throws std::invalid_argument for a size below 1.
  Dense(Dim d_in, Dim d_out, const DenseOptions& options = {}, SourceLine line = SourceLine::current());
  /// Makes a layer with d_out output features whose input size is inferred by build(), as in torch.nn.LazyLinear. The parameters are
  /// undefined until then. Layer graphs and fit() call build() themselves.
  /// @throws std::invalid_argument for a size below 1.
  explicit Dense(Dim d_out, const DenseOptions& options = {}, SourceLine line = SourceLine::current());
  /// Returns a layer with the options in `config`; see BuiltInLayer.
  static Dense from_config(const Config& config);

  /// Returns the output, [..., d_out].
  /// @throws std::logic_error if the input size is not known yet.
  /// @throws std::invalid_argument if the last axis of x does not have size d_in.
  Tensor forward(const Tensor& x) const override;
  /// Reports the parameters "weight" and, if there is one, "bias".
  void members(Members& visit) override;
  /// Returns a description such as "Dense 784 -> 128, relu", with "?" for an unknown input size.
  std::string describe() const override;
  /// Returns true until the input size is known.
  bool is_open() const noexcept override { return open_.has_value(); }

  /// Returns the number of input features; 0 if it is not known yet.
  std::int64_t d_in() const noexcept { return d_in_; }
  /// Returns the number of output features.
  std::int64_t d_out() const noexcept { return d_out_; }
  /// Returns the weight, [d_in, d_out]; undefined until the input size is known.
  const Tensor& weight() const noexcept { return weight_; }
  /// Returns the bias, [d_out]; undefined if there is none or the input size is not known yet.
  const Tensor& bias() const noexcept { return bias_; }
  /// Returns the activation.
  const Activation& activation() const noexcept { return activation_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  void config(Config& config) const override;
  void copy_settings(const Module& original) override;
  Shape on_build(const Shape& example) override;
  void make_parameters(const DenseOptions& options);

  std::int64_t d_in_, d_out_;
  Tensor weight_, bias_;
  Activation activation_;
  std::optional<DenseOptions> open_;  // the options for build(); empty once the parameters exist
};

/// Same as Dense. The name is PyTorch's, but the weight is [d_in, d_out].
using Linear = Dense;

}  // namespace chainrule::nn
#pragma GCC visibility pop
