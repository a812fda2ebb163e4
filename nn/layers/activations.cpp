#include "nn/layers/activations.h"

#include "autograd/ops/activation.h"
#include "autograd/ops/elementwise.h"

namespace chainrule::nn {

Tensor ReLU::forward(const Tensor& x) const { return relu(x); }
Tensor Sigmoid::forward(const Tensor& x) const { return sigmoid(x); }
Tensor Tanh::forward(const Tensor& x) const { return tanh(x); }
Tensor Softmax::forward(const Tensor& x) const { return softmax(x, axis_); }
Tensor LogSoftmax::forward(const Tensor& x) const { return log_softmax(x, axis_); }

}  // namespace chainrule::nn
