// Ops used only by gradient rules and the backward pass.
// Internal header: not installed.
#pragma once

#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::detail {

// Returns x summed over the axes along which `shape` was broadcast to the shape of x: the gradient of broadcasting.
Tensor sum_to(const Tensor& x, const Shape& shape);

// Returns zeros of a shape with each part added to the consecutive elements from its offset on.
Tensor embed_slices(const std::vector<Tensor>& parts, const std::vector<std::int64_t>& offsets, const Shape& shape, DType dtype);

// Adds x in place to the elements of `into` from `offset` on, and what that rounds away to those of `lost`.
void add_exactly_in_place(const Tensor& into, const Tensor& lost, std::int64_t offset, const Tensor& x);

// Returns consecutive elements of x from an offset on, in the given shape; shares the elements of x.
Tensor consecutive(const char* op, const TensorArg& x, std::int64_t offset, const Shape& shape);

// Returns op(a)·op(b), where op exchanges the last two axes if the flag is set; both ranks are at least 2.
Tensor matmul_flagged(const TensorArg& a, bool transpose_a, const Tensor& b, bool transpose_b);

// Returns grad where y > 0, and 0 elsewhere, in one pass; y is the result of relu.
Tensor relu_gradient(const Tensor& grad, const Tensor& y);

// Returns y·(grad - sum over the last axis of grad·y): the gradient of softmax along that axis with the result y.
Tensor softmax_gradient(const Tensor& grad, const Tensor& y);

// Returns grad·tanh'(x) = grad / cosh²(x) and grad·sigmoid'(x) = grad·sigmoid(x)·sigmoid(-x), each in one pass.
Tensor tanh_gradient(const Tensor& grad, const Tensor& x);
Tensor sigmoid_gradient(const Tensor& grad, const Tensor& x);

// Returns 1 - x², which is accurate also where x is close to 1 or -1.
Tensor one_minus_square(const Tensor& x);

// Returns exp(-x²); exp(-x²/2) / √(2π); and the distribution function of the standard normal distribution, whose derivative is the second.
Tensor gaussian(const Tensor& x);
Tensor normal_density(const Tensor& x);
Tensor normal_cdf(const Tensor& x);

}  // namespace chainrule::detail
