// In-place work on leaves: what optimizers, checkpoints and running averages need. Nothing here is recorded.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "autograd/graph/tensor.h"

namespace chainrule {

/// Copies values into a leaf's own storage.
/// @throws std::invalid_argument unless shapes and dtypes agree; std::logic_error on a Tensor that an op recorded.
void assign(Tensor& leaf, const TensorArg& values);

/// Sets every element of a leaf.
void fill(Tensor& leaf, double value, SourceLine line = SourceLine::current());

/// The options of sgd_update, as torch.optim.SGD.
struct SgdUpdate {
  double learning_rate = 0;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
};

/// One step of stochastic gradient descent on a leaf, in one pass. `buffer` is the momentum, made by the first step; unused
/// while momentum is 0.
/// @throws std::invalid_argument unless the gradient has the leaf's shape and dtype.
void sgd_update(Tensor& leaf, const Tensor& gradient, Tensor& buffer, const SgdUpdate& options, SourceLine line = SourceLine::current());

/// The options of adam_update, as torch.optim.Adam; `decoupled` decays weights as AdamW does.
struct AdamUpdate {
  double learning_rate = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool decoupled = false;
};

/// Step `step` (1, 2, ...) of Adam (Kingma and Ba, arXiv 1412.6980) on a leaf, in one pass. The moments are made by the first step.
/// @throws std::invalid_argument unless the gradient has the leaf's shape and dtype, or for step < 1.
void adam_update(Tensor& leaf, const Tensor& gradient, Tensor& moment1, Tensor& moment2, std::int64_t step, const AdamUpdate& options,
                 SourceLine line = SourceLine::current());

/// What adam_update() of several leaves is told of one.
struct AdamLeaf {
  Tensor* leaf = nullptr;
  const Tensor* gradient = nullptr;
  Tensor *moment1 = nullptr, *moment2 = nullptr;
  std::int64_t step = 1;
  AdamUpdate options;
};

/// The same for several leaves, which threads share in one go. No leaf may come twice, and no pointer be null. All are checked before any
/// is changed.
void adam_update(std::span<const AdamLeaf> leaves, SourceLine line = SourceLine::current());

namespace detail {

// body(begin, end) over pieces of [0, count), on several threads where that pays, with denormal numbers as zeros; a piece is worth some
// 10 µs.
void in_pieces(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body);

// into += x; shapes and dtypes agree.
void add_in_place(const Tensor& into, const Tensor& x);

// The elements of `into` from `offset` on += x.
void add_in_place(const Tensor& into, std::int64_t offset, const Tensor& x);

}  // namespace detail
}  // namespace chainrule
