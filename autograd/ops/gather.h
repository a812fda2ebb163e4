// Batches: chosen rows copied out of a store of examples. Nothing here is recorded.
#pragma once

#include <cstdint>
#include <span>

#include "autograd/graph/tensor.h"

namespace chainrule {

/// The rows `picks` of x, `[n, ...]`, in that order: `[picks, ...]` of x's dtype. A row may be picked more than once.
/// @throws std::invalid_argument for x of rank 0, or a pick outside 0 to n - 1.
Tensor gather_rows(const TensorArg& x, std::span<const std::int64_t> picks);

/// Byte · scale + shift, rounded to float32 after each step.
struct ByteScale {
  double scale = 1;
  double shift = 0;
};

/// The rows `picks` of `rows`, which holds rows of `row_size` bytes each, as float32 `[picks, row_size]`. Converting while gathering
/// reads a quarter of what float32 rows would.
/// @throws std::invalid_argument for row_size < 1, bytes that are no whole number of rows, or a pick of a row that is not there.
Tensor gather_rows(std::span<const std::uint8_t> rows, std::int64_t row_size, std::span<const std::int64_t> picks,
                   const ByteScale& values = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule
