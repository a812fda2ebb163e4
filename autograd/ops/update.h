// In-place modification of leaves, for optimizers, checkpoints and running averages.
#pragma once

/// @file
/// Nothing here is recorded. Each call counts as a modification of the leaf: the backward pass of a graph that needs the old values throws
/// std::logic_error. All functions throw std::invalid_argument for undefined Tensors and std::logic_error for a Tensor that is not a leaf.
///
/// When the backward pass runs a function given to checkpoint() again, assign() and fill() do not write the leaves that the first run has
/// already written. The other functions here do; see recomputing().

#include <cstdint>
#include <functional>
#include <span>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Copies the elements of `values` into the leaf, in place.
/// @throws std::invalid_argument if shapes or dtypes differ.
void assign(Tensor& leaf, const TensorArg& values);

/// Sets every element of the leaf to `value`, in place.
/// @throws std::invalid_argument if the leaf is int64 and the value is not an integer, or was given as a floating number beyond ±2^53.
void fill(Tensor& leaf, NumberArg value, SourceLine line = SourceLine::current());

/// Options of sgd_update(), with the meaning they have in torch.optim.SGD.
struct SgdUpdate {
  double learning_rate = 0;  ///< factor of the step
  double momentum = 0;       ///< factor by which the momentum decays in each step; 0 means no momentum
  double dampening = 0;      ///< the new gradient is added to the momentum with the factor 1 - dampening
  double weight_decay = 0;   ///< weight_decay · leaf is added to the gradient (L2 penalty)
  bool nesterov = false;     ///< uses Nesterov momentum
};

/// Performs one step of stochastic gradient descent on a leaf, in place, with the formulas of torch.optim.SGD:
///
///     d = gradient + weight_decay · leaf
///     if momentum ≠ 0:
///       buffer = d in the first step, otherwise momentum · buffer + (1 - dampening) · d
///       d = nesterov ? d + momentum · buffer : buffer
///     leaf = leaf - learning_rate · d
///
/// `buffer` holds the momentum; an undefined buffer marks the first step, which creates it. It is not used if momentum is 0.
/// @throws std::invalid_argument if the gradient, or a buffer that is defined, differs from the leaf in shape or dtype, or if the leaf is
/// int64.
void sgd_update(Tensor& leaf, const Tensor& gradient, Tensor& buffer, const SgdUpdate& options, SourceLine line = SourceLine::current());

/// Options of adam_update(), with the formulas of torch.optim.Adam and torch.optim.AdamW.
struct AdamUpdate {
  double learning_rate = 0;  ///< factor of the step
  double beta1 = 0.9;        ///< decay rate of the first moment, the running average of the gradient
  double beta2 = 0.999;      ///< decay rate of the second moment, the running average of the squared gradient
  double epsilon = 1e-8;     ///< added to the denominator to avoid division by 0
  double weight_decay = 0;   ///< rate of weight decay; see decoupled
  /// If false, weight_decay · leaf is added to the gradient (L2 penalty). If true, the weight decay is applied to the leaf itself,
  /// separately from the gradient, as in torch.optim.AdamW.
  bool decoupled = false;
};

/// Performs step number `step` (1, 2, ...) of Adam (Kingma and Ba, arXiv 1412.6980) on a leaf, in place:
///
///     if decoupled: leaf = leaf · (1 - learning_rate · weight_decay), g = gradient
///     otherwise:    g = gradient + weight_decay · leaf
///     moment1 = beta1 · moment1 + (1 - beta1) · g
///     moment2 = beta2 · moment2 + (1 - beta2) · g²
///     leaf = leaf - learning_rate / (1 - beta1^step) · moment1 / (√(moment2 / (1 - beta2^step)) + epsilon)
///
/// Undefined moments are created and start at 0.
/// @throws std::invalid_argument if the gradient or a moment differs from the leaf in shape or dtype, if the leaf is int64, or if step < 1.
void adam_update(Tensor& leaf, const Tensor& gradient, Tensor& moment1, Tensor& moment2, std::int64_t step, const AdamUpdate& options,
                 SourceLine line = SourceLine::current());

/// The arguments of adam_update() for one of several leaves. Only moment2_max may be null.
struct AdamLeaf {
  Tensor* leaf = nullptr;            ///< the leaf to update
  const Tensor* gradient = nullptr;  ///< its gradient
  /// Its first and its second moment.
  /// @{
  Tensor *moment1 = nullptr, *moment2 = nullptr;
  /// @}
  std::int64_t step = 1;  ///< the number of the step, from 1
  AdamUpdate options;     ///< the options of the step
  /// If not null, the step uses AMSGrad (Reddi et al., arXiv 1904.09237): the Tensor holds the largest second moment so far, which takes
  /// the place of the second moment in the denominator. The step is computed in double for leaves of either dtype.
  Tensor* moment2_max = nullptr;
};

/// Performs a step of Adam on several leaves, which is faster than one after another: threads share the work of all of them. No leaf may
/// occur twice. All arguments are checked before any leaf is modified.
/// @throws std::invalid_argument under the same conditions as adam_update() for a single leaf.
void adam_update(std::span<const AdamLeaf> leaves, SourceLine line = SourceLine::current());

namespace detail {

// Calls body(begin, end) for pieces of [0, count) of at most `grain` elements, on several threads if that is faster, with denormals flushed
// to 0. A piece should take about 10 µs.
void in_pieces(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body);

// Adds x to `into` in place. Shapes and dtypes must be the same.
void add_in_place(const Tensor& into, const Tensor& x);

// Adds x in place to the elements of `into` from `offset` on.
void add_in_place(const Tensor& into, std::int64_t offset, const Tensor& x);

}  // namespace detail
}  // namespace chainrule
#pragma GCC visibility pop
