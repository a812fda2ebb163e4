// Values whose number is known only once all have come.
// Internal header: not installed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace chainrule::nn {

/// Keeps values in pieces of a fixed size, where a vector holds up to three times as many while it grows.
template <class T>
class Chunks {
 public:
  /// Adds one at the end.
  void push_back(T value) {
    if (size_ % kPiece == 0) {
      pieces_.emplace_back();
      if (size_ > 0) pieces_.back().reserve(kPiece);  // the first grows, for there are small tables
    }
    pieces_.back().push_back(value);
    ++size_;
  }

  /// How many there are.
  std::size_t size() const noexcept { return size_; }

  /// Copies all of them to `out`, which has as many, and gives each piece back as soon as it is copied.
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
