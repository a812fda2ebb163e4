// A confusion matrix as text.
#pragma once

#include <string>
#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::apps {

/// A table of several lines made of the counts of nn::confusion_matrix(): one row per true class, with its name and accuracy, and one
/// column per predicted class.
std::string confusion_table(const Tensor& counts, const std::vector<std::string>& class_names);

}  // namespace chainrule::apps
