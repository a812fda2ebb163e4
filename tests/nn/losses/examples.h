// What tests of losses compare: logits, labels, and values to aim at.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/autograd.h"

namespace chainrule::test {

inline Tensor logits() { return variable({{1.5, -0.5, 2.0}, {0.25, 3.0, -1.0}, {-2.0, 0.0, 0.75}, {100.0, -100.0, 3.0}}, DType::float64); }

inline Tensor labels() { return from_vector(std::vector<std::int64_t>{2, 0, 1, 0}); }

inline Tensor targets() { return tensor({{1.0, 0.0, 0.5}, {0.0, 1.0, 0.25}, {0.0, 1.0, 0.75}, {1.0, 0.0, 0.1}}, DType::float64); }

}  // namespace chainrule::test
