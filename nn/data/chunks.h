// Chunks: a sequence that grows without copying its elements.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace chainrule::nn {

/// Collects values whose number is not known in advance. The values are kept in pieces of 1 MB, because a vector would need up to three
/// times the memory while it grows.
template <class T>
class Chunks {
 public:
  /// Appends a value.
  void push_back(T value) {
    if (size_ % kPiece == 0) {
      pieces_.emplace_back();
      if (size_ > 0) pieces_.back().reserve(kPiece);  // the first piece grows on demand, so that small tables stay small
    }
    pieces_.back().push_back(value);
    ++size_;
  }

  /// Returns the number of values.
  std::size_t size() const noexcept { return size_; }

  /// Copies all values to `out`, which must have size() elements, and frees each piece after it is copied.
  void move_to(std::span<T> out) {
    std::size_t at = 0;
    for (std::vector<T>& piece : pieces_) {
      std::ranges::copy(piece, out.begin() + static_cast<std::ptrdiff_t>(at));
      at += piece.size();
      std::vector<T>().swap(piece);
    }
    pieces_.clear();
    size_ = 0;
  }

 private:
  static constexpr std::size_t kPiece = (std::size_t{1} << 20) / sizeof(T);

  std::vector<std::vector<T>> pieces_;
  std::size_t size_ = 0;
};

}  // namespace chainrule::nn
