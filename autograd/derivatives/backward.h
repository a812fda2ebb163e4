// grad() and the options of Tensor::backward(): gradients by a backward pass through the recorded graph.
#pragma once

#include <vector>

#include "autograd/graph/grad_mode.h"
#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Options of Tensor::backward().
struct BackwardOptions {
  /// The gradient with which the pass starts: v in vᵀ·J, of the result's shape and dtype. If it is undefined, the result must have a single
  /// element, and v is 1.
  Tensor gradient = {};
  /// Keeps the graph for another backward pass. Otherwise the pass frees the graph as it goes, and with it all values that only the graph
  /// refers to.
  bool retain_graph = false;
};

/// Options of grad().
struct GradOptions {
  /// A starting gradient for each output, like BackwardOptions::gradient; may be empty if every output has a single element.
  std::vector<Tensor> grad_outputs = {};
  /// Keeps the graph for another backward pass, like BackwardOptions::retain_graph. create_graph implies it.
  bool retain_graph = false;
  /// Records the backward pass itself, so that the gradients can be differentiated.
  bool create_graph = false;
  /// Returns an undefined Tensor for an input that no output depends on. Otherwise such an input is an error.
  bool allow_unused = false;
};

/// Returns the gradient of the sum of the outputs, weighted by grad_outputs, with respect to each input; like torch.autograd.grad. It does
/// not change grad() of any Tensor. Several threads may call it at the same time if their graphs share only leaves.
/// @throws std::invalid_argument if an output or input is undefined or does not require grad, if grad_outputs do not match the outputs in
/// number, shape and dtype, or if an input is unused (see GradOptions::allow_unused).
/// @throws std::logic_error for a pass through a graph that an earlier pass without retain_graph has freed, or if a value that the gradient
/// needs was modified.
std::vector<Tensor> grad(const TensorList& outputs, const TensorList& inputs, const GradOptions& options = {});

}  // namespace chainrule
#pragma GCC visibility pop
