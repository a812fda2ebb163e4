// to_dot: draws a graph with Graphviz.
#pragma once

#include <string>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns the graph that computed `output` in the DOT language; the program `dot -Tsvg` turns it into a picture. A leaf is a box and the
/// result of an op is an ellipse. Each shows its name, its op, its shape, its value and its gradient if it has one (leaves, and results
/// with retain_grad()). Values of more than 8 elements are left out. Arrows lead from inputs to results.
/// @throws std::invalid_argument for an undefined Tensor.
std::string to_dot(const TensorArg& output);

}  // namespace chainrule
#pragma GCC visibility pop
