// DType: the element types that a Tensor can have.
#pragma once

#include <cstdint>
#include <iosfwd>

#pragma GCC visibility push(default)
namespace chainrule {

/// The element type of a Tensor.
enum class DType : std::uint8_t {
  float32,  ///< 32-bit floating point, the default
  float64,  ///< 64-bit floating point
  int64,    ///< 64-bit integers, for indices and labels; not differentiable
};

/// The dtypes by their short names: `cr::zeros({2}, cr::float64)`.
/// @{
inline constexpr DType float32 = DType::float32;
inline constexpr DType float64 = DType::float64;
inline constexpr DType int64 = DType::int64;
/// @}

/// Returns "float32", "float64" or "int64".
const char* dtype_name(DType dtype) noexcept;

/// Returns the size of an element in bytes: 4 or 8.
constexpr std::int64_t dtype_size(DType dtype) noexcept { return dtype == DType::float32 ? 4 : 8; }

/// Returns true for float32 and float64.
constexpr bool is_floating(DType dtype) noexcept { return dtype != DType::int64; }

/// Writes dtype_name(dtype).
std::ostream& operator<<(std::ostream& out, DType dtype);

namespace detail {
template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::float32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::float64;
};
template <>
struct DTypeOf<std::int64_t> {
  static constexpr DType value = DType::int64;
};
}  // namespace detail

/// The DType that corresponds to the C++ type T: float, double or std::int64_t.
template <class T>
inline constexpr DType dtype_of = detail::DTypeOf<T>::value;

}  // namespace chainrule
#pragma GCC visibility pop
