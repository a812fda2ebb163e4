// Shape and Axes: the sizes of a Tensor along its axes, and the axes that an op works on.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule {

/// An integer in a list of sizes or axes. It converts from every integral type except bool, so that `{v.size(), 3}` needs no cast.
class Dim {
 public:
  /// Converts `value` to std::int64_t.
  template <std::integral I>
  requires(!std::same_as<I, bool>) constexpr Dim(I value) noexcept : value_(static_cast<std::int64_t>(value)) {}
  /// Returns the integer.
  constexpr operator std::int64_t() const noexcept { return value_; }

 private:
  std::int64_t value_;
};

/// The sizes of a Tensor along its axes. A Tensor of rank 0 (no axes) holds a single number. Prints as `[32, 784]`.
class Shape {
 public:
  /// The largest number of axes.
  static constexpr int kMaxRank = 8;

  /// Creates the shape of rank 0.
  constexpr Shape() noexcept = default;

  /// Creates a shape from its sizes.
  /// @throws std::invalid_argument for more than kMaxRank sizes.
  /// @{
  Shape(std::initializer_list<Dim> sizes);
  explicit Shape(const std::vector<std::int64_t>& sizes);
  /// @}
  /// Creates a shape from the first `rank` elements of an array.
  /// @throws std::invalid_argument for rank > kMaxRank.
  Shape(const std::int64_t* sizes, int rank) {
    if (rank > kMaxRank) [[unlikely]]
      throw_rank(rank);
    for (int axis = 0; axis < rank; ++axis) sizes_[axis] = sizes[axis];
    rank_ = rank;
  }

  /// Returns the number of axes.
  int rank() const noexcept { return rank_; }

  /// Returns the size of an axis; a negative axis counts from the end.
  /// @throws std::invalid_argument if there is no such axis.
  std::int64_t size(int axis) const;

  /// Returns the size of an axis without a check; 0 <= axis < rank().
  /// @{
  std::int64_t operator[](int axis) const noexcept { return sizes_[axis]; }
  std::int64_t& operator[](int axis) noexcept { return sizes_[axis]; }
  /// @}

  /// Returns the number of elements: the product of the sizes, which is 1 for rank 0. Returns INT64_MAX if the product is larger.
  std::int64_t numel() const noexcept {
    std::int64_t product = 1;
    bool beyond = false, empty = false;
    for (int axis = 0; axis < rank_; ++axis) {
      beyond = __builtin_mul_overflow(product, sizes_[axis], &product) || beyond;
      empty = empty || sizes_[axis] == 0;
    }
    return beyond && !empty ? INT64_MAX : product;
  }

  /// Iterators over the sizes.
  /// @{
  const std::int64_t* begin() const noexcept { return sizes_; }
  const std::int64_t* end() const noexcept { return sizes_ + rank_; }
  /// @}

  /// Appends an axis.
  /// @throws std::invalid_argument if there are kMaxRank axes already.
  void push_back(std::int64_t size) {
    if (rank_ == kMaxRank) [[unlikely]]
      throw_rank(kMaxRank + 1);
    sizes_[rank_++] = size;
  }
  /// Inserts an axis before axis `at`; 0 <= at <= rank().
  /// @throws std::invalid_argument if there are kMaxRank axes already.
  void insert(int at, std::int64_t size);
  /// Removes an axis; 0 <= axis < rank().
  void erase(int axis) noexcept;

  /// Returns true if ranks and sizes are equal.
  bool operator==(const Shape& other) const noexcept {
    if (rank_ != other.rank_) return false;
    for (int axis = 0; axis < rank_; ++axis)
      if (sizes_[axis] != other.sizes_[axis]) return false;
    return true;
  }

  /// Returns the sizes as text: "[32, 784]".
  std::string str() const;

 private:
  [[noreturn]] static void throw_rank(int rank);

  std::int64_t sizes_[kMaxRank] = {};
  int rank_ = 0;
};

/// Writes shape.str().
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// The axes that an op works on: one (`1`, `-1`), several (`{0, 2}`) or all (`{}`). Negative axes count from the end. A bool does not
/// convert to Axes, so `sum(x, true)` is a compile error and not a sum over axis 1.
class Axes {
 public:
  /// All axes.
  Axes() noexcept = default;
  /// One axis.
  template <std::integral I>
  requires(!std::same_as<I, bool>) Axes(I axis) : axes_{static_cast<std::int64_t>(axis)}, count_(1) {}
  /// Several axes; an empty list means all axes.
  /// @throws std::invalid_argument for more than Shape::kMaxRank axes.
  /// @{
  Axes(std::initializer_list<Dim> axes);
  explicit Axes(const std::vector<std::int64_t>& axes);
  /// @}

  /// Returns true if no axis is listed, which means all axes.
  bool all() const noexcept { return count_ == 0; }
  /// Returns the number of axes listed; 0 means all axes.
  int count() const noexcept { return count_; }
  /// Iterators over the axes listed, as they were given: negative axes stay negative.
  /// @{
  const std::int64_t* begin() const noexcept { return axes_; }
  const std::int64_t* end() const noexcept { return axes_ + count_; }
  /// @}

 private:
  std::int64_t axes_[Shape::kMaxRank] = {};
  int count_ = 0;
};

}  // namespace chainrule
#pragma GCC visibility pop
