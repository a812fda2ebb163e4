// Random float64 Tensors for tests of layers.
#pragma once

#include <cstdint>

#include "autograd/autograd.h"

namespace chainrule::test {

inline constexpr DType kDouble = DType::float64;

/// Standard normal numbers.
inline Tensor random(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return randn(shape, generator, kDouble);
}

}  // namespace chainrule::test
