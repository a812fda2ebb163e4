// Memory for buffers of middle sizes, cut from regions of one huge page each. Internal, for memory.cpp.
#pragma once

#include <cstddef>

namespace chainrule::detail {

/// Whether a buffer of `capacity` is to be cut from a region.
constexpr bool fits_region(std::size_t capacity) noexcept {
  return capacity >= (std::size_t{16} << 10) && capacity <= (std::size_t{1} << 20);
}

/// A 64-byte aligned buffer of a capacity that fits; capacities are multiples of 64, and few.
std::byte* cut_buffer(std::size_t capacity);
/// Gives one back: to be cut again, and to the system once all of its region are back.
void give_back_buffer(std::byte* buffer) noexcept;

}  // namespace chainrule::detail
