// Ops that rules and the backward pass need and users do not.
// Internal header: not installed.
#pragma once

#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::detail {

// x summed over the axes along which `shape` broadcasts to x's shape: undoes broadcasting.
Tensor sum_to(const Tensor& x, const Shape& shape);

// Zeros of a shape, with each part added in row-major order from its offset on.
Tensor embed_slices(const std::vector<Tensor>& parts, const std::vector<std::int64_t>& offsets, const Shape& shape, DType dtype);

// Consecutive elements from an offset on, sharing storage.
Tensor consecutive(const char* op, const TensorArg& x, std::int64_t offset, const Shape& shape);

// op(a)·op(b) with the last two axes of an operand exchanged where its flag says so; ranks of at least 2.
Tensor matmul_flagged(const TensorArg& a, bool transpose_a, const Tensor& b, bool transpose_b);

// grad where y > 0, else 0, in one pass; y is relu's result.
Tensor relu_gradient(const Tensor& grad, const Tensor& y);

}  // namespace chainrule::detail
