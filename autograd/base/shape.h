// Sizes and axes: how many elements a Tensor has along each axis, and which axes an op works on.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

namespace chainrule {

/// An integer in a list of sizes or axes; implicit from any integral type but bool, so `{v.size(), 3}` needs no cast.
class Dim {
 public:
  template <std::integral I>
  requires(!std::same_as<I, bool>) constexpr Dim(I value) noexcept : value_(static_cast<std::int64_t>(value)) {}
  constexpr operator std::int64_t() const noexcept { return value_; }

 private:
  std::int64_t value_;
};

/// The sizes of up to 8 axes, a value. Rank 0 is a single number. Prints as `[32, 784]`.
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  constexpr Shape() noexcept = default;

  /// @throws std::invalid_argument for more than kMaxRank sizes.
  Shape(std::initializer_list<Dim> sizes);
  explicit Shape(const std::vector<std::int64_t>& sizes);
  Shape(const std::int64_t* sizes, int rank) {
    if (rank > kMaxRank) [[unlikely]]
      throw_rank(rank);
    for (int axis = 0; axis < rank; ++axis) sizes_[axis] = sizes[axis];
    rank_ = rank;
  }

  int rank() const noexcept { return rank_; }

  /// Elements along an axis; negative axes count from the end.
  /// @throws std::invalid_argument where there is no such axis.
  std::int64_t size(int axis) const;

  /// Unchecked: 0 <= axis < rank().
  std::int64_t operator[](int axis) const noexcept { return sizes_[axis]; }
  std::int64_t& operator[](int axis) noexcept { return sizes_[axis]; }

  /// The product of the sizes; 1 for rank 0, the largest number there is where it would be beyond that.
  std::int64_t numel() const noexcept {
    std::int64_t product = 1;
    bool beyond = false, empty = false;
    for (int axis = 0; axis < rank_; ++axis) {
      beyond = __builtin_mul_overflow(product, sizes_[axis], &product) || beyond;
      empty = empty || sizes_[axis] == 0;
    }
    return beyond && !empty ? INT64_MAX : product;
  }

  const std::int64_t* begin() const noexcept { return sizes_; }
  const std::int64_t* end() const noexcept { return sizes_ + rank_; }

  /// Adds an axis after the last, or before axis `at`.
  /// @throws std::invalid_argument beyond kMaxRank axes.
  void push_back(std::int64_t size) {
    if (rank_ == kMaxRank) [[unlikely]]
      throw_rank(kMaxRank + 1);
    sizes_[rank_++] = size;
  }
  void insert(int at, std::int64_t size);
  void erase(int axis) noexcept;

  bool operator==(const Shape& other) const noexcept {
    if (rank_ != other.rank_) return false;
    for (int axis = 0; axis < rank_; ++axis)
      if (sizes_[axis] != other.sizes_[axis]) return false;
    return true;
  }

  std::string str() const;

 private:
  [[noreturn]] static void throw_rank(int rank);

  std::int64_t sizes_[kMaxRank] = {};
  int rank_ = 0;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Which axes a reduction goes over: one (`1`, `-1`), several (`{0, 2}`), or all (`{}`). A bool is refused, so that
/// `sum(x, true)` cannot be taken for an axis.
class Axes {
 public:
  Axes() noexcept = default;
  template <std::integral I>
  requires(!std::same_as<I, bool>) Axes(I axis) : axes_{static_cast<std::int64_t>(axis)}, count_(1) {}
  /// @throws std::invalid_argument for more than Shape::kMaxRank axes.
  Axes(std::initializer_list<Dim> axes);
  explicit Axes(const std::vector<std::int64_t>& axes);

  /// No axes named: all are meant.
  bool all() const noexcept { return count_ == 0; }
  int count() const noexcept { return count_; }
  const std::int64_t* begin() const noexcept { return axes_; }
  const std::int64_t* end() const noexcept { return axes_ + count_; }

 private:
  std::int64_t axes_[Shape::kMaxRank] = {};
  int count_ = 0;
};

}  // namespace chainrule
