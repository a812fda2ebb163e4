// Sums of many addends at the same place that are as exact as sums of two.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <cstdint>

namespace chainrule::detail {

/// Adds x to a sum in Kahan's way: what the addition rounds away is kept in `lost`, which is added with the next x, and by the caller at
/// the end.
template <class T>
inline void add_exactly(T& sum, T& lost, T x) {
  const T addend = x + lost, total = sum + addend, added = total - sum, rest = (sum - (total - added)) + (addend - added);
  lost = total - total == 0 ? rest : T{0};  // nothing is kept beside inf and NaN
  sum = total;
}

/// The range that slices of consecutive elements have covered.
class SliceRange {
 public:
  /// Adds a slice. Returns true if it may overlap one that was added before.
  bool overlaps(std::int64_t offset, std::int64_t n) {
    const bool beyond = begin_ == end_ || offset >= end_ || offset + n <= begin_;
    begin_ = begin_ == end_ ? offset : std::min(begin_, offset);
    end_ = std::max(end_, offset + n);
    return !beyond;
  }

 private:
  std::int64_t begin_ = 0, end_ = 0;
};

}  // namespace chainrule::detail
