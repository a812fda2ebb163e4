// Conversion of 16-bit floating-point numbers to float.
// Internal header: not installed.
#pragma once

#include <bit>
#include <cstdint>

namespace chainrule::nn {

/// Converts from IEEE 754 binary16; exact.
inline float float_of_half(std::uint16_t half) noexcept {
  const std::uint32_t sign = (half & 0x8000u) << 16, exponent = (half >> 10) & 0x1Fu, mantissa = half & 0x3FFu;
  if (exponent == 0) {  // zero and subnormals: mantissa · 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

/// Converts from bfloat16, which is the upper half of a float; exact.
inline float float_of_bfloat16(std::uint16_t high) noexcept { return std::bit_cast<float>(std::uint32_t{high} << 16); }

}  // namespace chainrule::nn
