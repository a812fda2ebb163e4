// gather_rows: copies selected rows of a data set into a batch. It is not differentiable.
#pragma once

#include <cstdint>
#include <span>

#include "autograd/graph/tensor.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Returns the rows of x with the given indices, in that order; an index may occur several times. x has shape [n, ...] and any dtype, and
/// the result has shape [picks.size(), ...]. The result does not require grad.
/// @throws std::invalid_argument if x is undefined or has rank 0, or for an index outside [0, n).
Tensor gather_rows(const TensorArg& x, std::span<const std::int64_t> picks);

/// How gather_rows() converts a byte to float32: byte · scale + shift, with both operations rounded to float32.
struct ByteScale {
  double scale = 1;  ///< the factor
  double shift = 0;  ///< the summand
};

/// Returns the rows with the given indices as float32 of shape [picks.size(), row_size]. `rows` holds any number of rows of `row_size`
/// bytes each, one after another; `values` says how bytes become numbers. A data set of bytes takes a quarter of the memory of float32.
/// @throws std::invalid_argument if row_size < 1, if rows.size() is not a multiple of row_size, or for an index of a row that does not
/// exist.
Tensor gather_rows(std::span<const std::uint8_t> rows, std::int64_t row_size, std::span<const std::int64_t> picks,
                   const ByteScale& values = {}, SourceLine line = SourceLine::current());

}  // namespace chainrule
#pragma GCC visibility pop
