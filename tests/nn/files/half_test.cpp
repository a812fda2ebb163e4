// Numbers of 16 bits: all of them against their definition.
#include "nn/files/half.h"

#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>

namespace nn = chainrule::nn;

namespace {

// (-1)^sign · 2^(exponent - bias) · (1 + mantissa / 2^digits), and what differs at both ends of the exponents.
float by_definition(std::uint32_t bits, int digits, int exponents) {
  const int bias = (1 << (exponents - 1)) - 1, largest = (1 << exponents) - 1;
  const auto mantissa = static_cast<double>(bits & ((1U << digits) - 1));
  const int exponent = static_cast<int>(bits >> digits) & largest;
  double value = 0;
  if (exponent == largest) {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, 1 - bias - digits);
  } else {
    value = std::ldexp(mantissa + (1 << digits), exponent - bias - digits);
  }
  return static_cast<float>((bits >> (digits + exponents)) != 0 ? -value : value);
}

bool same(float a, float b) { return std::isnan(b) ? std::isnan(a) : std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }

}  // namespace

BOOST_AUTO_TEST_SUITE(half)

BOOST_AUTO_TEST_CASE(every_float16) {
  BOOST_TEST(nn::float_of_half(0x3c00) == 1);
  BOOST_TEST(nn::float_of_half(0xc000) == -2);
  BOOST_TEST(nn::float_of_half(0x3555) == 0.333251953125F);
  BOOST_TEST(nn::float_of_half(0x7bff) == 65504);
  BOOST_TEST(nn::float_of_half(0x0001) == 0x1p-24F);
  BOOST_TEST(std::signbit(nn::float_of_half(0x8000)));
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float got = nn::float_of_half(static_cast<std::uint16_t>(bits)), wanted = by_definition(bits, 10, 5);
    if (!same(got, wanted)) BOOST_ERROR(bits << " gives " << got << ", expected " << wanted);
  }
}

BOOST_AUTO_TEST_CASE(every_bfloat16) {
  BOOST_TEST(nn::float_of_bfloat16(0x3f80) == 1);
  BOOST_TEST(nn::float_of_bfloat16(0xc049) == -3.140625F);
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float got = nn::float_of_bfloat16(static_cast<std::uint16_t>(bits)), wanted = by_definition(bits, 7, 8);
    if (!same(got, wanted)) BOOST_ERROR(bits << " gives " << got << ", expected " << wanted);
  }
}

BOOST_AUTO_TEST_SUITE_END()
