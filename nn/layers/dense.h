// Dense: the fully connected layer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "autograd/base/random.h"
#include "autograd/base/shape.h"
#include "nn/layers/activation.h"
#include "nn/layers/init.h"
#include "nn/module/module.h"

namespace chainrule::nn {

/// What a Dense is made with.
struct DenseOptions {
  /// Whether there is a bias, and how weight and bias are filled.
  bool bias = true;
  Initializer initializer = "he_uniform";
  Initializer bias_initializer = "zeros";
  /// Draws the weights; nullptr: default_generator(). Used when the weights are made, by the constructor or build().
  Generator* generator = nullptr;
  Activation activation = {};
};

/// activation(x·weight + bias): x [..., d_in], weight [d_in, d_out], bias [d_out]; gives [..., d_out].
class Dense : public BuiltIn {
 public:
  using Options = DenseOptions;

  /// @throws std::invalid_argument for a size below 1.
  Dense(Dim d_in, Dim d_out, const DenseOptions& options = {}, SourceLine line = SourceLine::current());
  /// With d_in left open: build() learns it and makes the parameters, which are undefined until then.
  explicit Dense(Dim d_out, const DenseOptions& options = {}, SourceLine line = SourceLine::current());
  Dense(Dense&&) noexcept;
  Dense& operator=(Dense&&) noexcept;
  ~Dense() override;

  /// @throws std::logic_error while d_in is open.
  Tensor forward(const Tensor& x) const override;
  void members(Members& visit) override;
  std::string describe() const override;
  bool is_open() const noexcept override { return open_.has_value(); }

  /// 0 while open.
  std::int64_t d_in() const noexcept { return d_in_; }
  std::int64_t d_out() const noexcept { return d_out_; }
  const Tensor& weight() const noexcept { return weight_; }
  /// Undefined without a bias.
  const Tensor& bias() const noexcept { return bias_; }
  const Activation& activation() const noexcept { return activation_; }

 private:
  std::shared_ptr<Module> copy_structure(Cloner& cloner) const override;
  std::shared_ptr<Module> moved() override { return own(new Dense(std::move(*this))); }
  void config(Config& config) const override;
  void copy_settings(const Module& original) override;
  Shape on_build(const Shape& example) override;
  void make_parameters(const DenseOptions& options);

  std::int64_t d_in_, d_out_;
  Tensor weight_, bias_;
  Activation activation_;
  std::optional<DenseOptions> open_;  // what build() makes the parameters with
};

/// Same as Dense, by PyTorch's name; the weight is [d_in, d_out] all the same.
using Linear = Dense;

}  // namespace chainrule::nn
