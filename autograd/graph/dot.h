// A graph as a picture, for Graphviz.
#pragma once

#include <string>

#include "autograd/graph/tensor.h"

namespace chainrule {

/// The graph beneath an output as Graphviz text (`dot -Tsvg`): a box for each leaf, an ellipse for each result, with op, name, shape, the
/// value where it is small, and the gradient of leaves and of results that retain theirs; an arrow from each input to what uses it.
std::string to_dot(const TensorArg& output);

}  // namespace chainrule
