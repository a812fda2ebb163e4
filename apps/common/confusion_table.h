// A printed table of what was taken for what.
#pragma once

#include <string>
#include <vector>

#include "autograd/graph/tensor.h"

namespace chainrule::apps {

/// A table of several lines from counts as nn::confusion_matrix gives them: a row for each true class, with its name and accuracy; a
/// column for each predicted one.
std::string confusion_table(const Tensor& counts, const std::vector<std::string>& class_names);

}  // namespace chainrule::apps
