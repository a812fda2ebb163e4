// The backward pass: gradients of results with respect to what they were computed from.
#pragma once

#include <vector>

#include "autograd/graph/grad_mode.h"
#include "autograd/graph/tensor.h"

namespace chainrule {

struct BackwardOptions {
  /// The gradient of the result itself, of its shape and dtype; may be left undefined for a single element, where it is 1.
  Tensor gradient = {};
  /// Keeps the graph for another pass; without it, what only the graph held is freed while the pass goes.
  bool retain_graph = false;
};

struct GradOptions {
  /// A gradient for each output, as BackwardOptions::gradient; empty when every output has one element.
  std::vector<Tensor> grad_outputs = {};
  /// As in BackwardOptions; create_graph retains in any case.
  bool retain_graph = false;
  /// Records the pass itself, so that the gradients can be differentiated.
  bool create_graph = false;
  /// Gives an undefined Tensor for an input that no output depends on, which is an error otherwise.
  bool allow_unused = false;
};

/// The gradient of the sum of the outputs (weighted by grad_outputs) with respect to each input; no grad() is touched. Many threads
/// may call it at once on graphs that share nothing but leaves.
/// @throws std::invalid_argument for a wrong grad_output, an input that is unused or does not require grad.
/// @throws std::logic_error for a second pass without retain_graph, or where a value was modified after it was used.
std::vector<Tensor> grad(const TensorList& outputs, const TensorList& inputs, const GradOptions& options = {});

}  // namespace chainrule
