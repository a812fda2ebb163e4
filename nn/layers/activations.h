// The activations as layers.
#pragma once

#include <string>

#include "nn/module.h"

namespace chainrule::nn {

/// cr::relu.
class ReLU : public BuiltIn<ReLU> {
 public:
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override { return "ReLU"; }
};

/// cr::sigmoid.
class Sigmoid : public BuiltIn<Sigmoid> {
 public:
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override { return "Sigmoid"; }
};

/// cr::tanh.
class Tanh : public BuiltIn<Tanh> {
 public:
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override { return "Tanh"; }
};

/// cr::softmax. Not before cross_entropy, which takes logits.
class Softmax : public BuiltIn<Softmax> {
 public:
  explicit Softmax(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override { return "Softmax over axis " + std::to_string(axis_); }

 private:
  int axis_;
};

/// cr::log_softmax.
class LogSoftmax : public BuiltIn<LogSoftmax> {
 public:
  explicit LogSoftmax(int axis = -1) noexcept : axis_(axis) {}
  Tensor forward(const Tensor& x) const override;
  std::string describe() const override { return "LogSoftmax over axis " + std::to_string(axis_); }

 private:
  int axis_;
};

}  // namespace chainrule::nn
